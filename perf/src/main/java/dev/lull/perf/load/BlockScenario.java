package dev.lull.perf.load;

import dev.lull.perf.report.Scenario;
import picocli.CommandLine.Command;

/** Measures a guest's disk. */
@Command(
        name = "block",
        sortOptions = false,
        description = "What a stock guest gets out of a virtio disk, under Lull and under QEMU.",
        footer = {
            "",
            "Subjects: lull and qemu-q35 (virtio-blk-pci with an iothread, -cpu host). One",
            "guest of each runs at the same time, 1 vCPU and 512 MiB, and does its work in",
            "turn with the others: fio with a fixed number of requests, libaio, direct=1, on",
            "a disk that is a file in the host's memory. rate is requests a second; latency",
            "is of each request, as fio has it.",
            "Goal: in each row lull has at least 1.0 times qemu-q35's rate.",
            "Where this machine has no KVM on hardware virtualization, it all runs in the lab.",
            "",
            "  perf/scenarios/block --html block.html",
            "  perf/scenarios/block --clock instructions --check"
        })
public final class BlockScenario extends LoadScenario {
    /** As {@link #main} starts it. */
    public BlockScenario() {
        super("block", "fio on a virtio disk", false);
    }

    /** The command {@code perf/scenarios/block}. */
    public static void main(String[] arguments) {
        Scenario.main(new BlockScenario(), arguments);
    }
}
