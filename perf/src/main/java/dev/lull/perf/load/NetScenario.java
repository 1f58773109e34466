package dev.lull.perf.load;

import dev.lull.perf.report.Scenario;
import picocli.CommandLine.Command;

/** Measures a guest's NIC. */
@Command(
        name = "net",
        sortOptions = false,
        description = "What a stock guest gets out of a virtio NIC, under Lull and under QEMU.",
        footer = {
            "",
            "Subjects: lull, qemu-q35 (virtio-net-pci, its data path in QEMU, -cpu host) and",
            "qemu-q35-vhost (in the kernel; shown, no goal). One guest of each runs at the",
            "same time, 1 vCPU and 512 MiB, and does its work in turn with the others, over",
            "a TAP interface of its own, with the host: iperf3 with a fixed number of bytes,",
            "up and down, 1 and 4 streams; UDP packets of 64 bytes to and fro one at a time.",
            "Goal: in each row lull has at least 1.0 times qemu-q35's throughput or rate.",
            "Where this machine has no KVM on hardware virtualization, it all runs in the lab.",
            "",
            "  perf/scenarios/net --html net.html",
            "  perf/scenarios/net --clock instructions --check"
        })
public final class NetScenario extends LoadScenario {
    /** As {@link #main} starts it. */
    public NetScenario() {
        super("net", "iperf3 over a virtio NIC", true);
    }

    /** The command {@code perf/scenarios/net}. */
    public static void main(String[] arguments) {
        Scenario.main(new NetScenario(), arguments);
    }
}
