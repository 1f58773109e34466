package dev.lull.agent.cli.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.cli.host.KvmProbe.Capability;
import dev.lull.agent.cli.host.KvmProbe.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A report on hosts made of a few files. */
class HostReportTest {
    @TempDir
    private Path root;

    @Test
    void aHostWithEverything() throws IOException {
        write("proc/meminfo", """
                MemTotal: 4194304 kB
                MemAvailable: 2097152 kB
                HugePages_Total: 8
                HugePages_Free: 4
                Hugepagesize: 2048 kB
                """);
        write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
        write("sys/kernel/iommu_groups/0/type", "");
        write("sys/kernel/iommu_groups/1/type", "");
        write("dev/vfio/vfio", "");
        write("dev/net/tun", "");
        write("proc/self/status", "Name:\tjava\nCapEff:\t000001ffffffffff\n");
        HostReport report = report(new KvmProbe(Kind.HARDWARE, "hardware (svm)", "", true, all()));
        assertThat(report.runsVms()).isTrue();
        assertThat(report.runsStockKernels()).isTrue();
        assertThat(report.findings()).noneMatch(finding -> finding.state() == Finding.State.MISSING);
        assertThat(ReportTable.of(report, false))
                .startsWith("This host runs virtual machines with stock Linux kernels.\n")
                .contains("ok  huge pages", "4 free of 8 of 2 MiB")
                .doesNotContain("->", "\u001b");
        assertThat(ReportJson.of(report))
                .contains("\"runsStockKernels\": true", "\"memory.totalMib\": {\"state\": \"info\", \"value\": 4096, ")
                .contains("\"iommu.groups\": {\"state\": \"ok\", \"value\": 2, ");
    }

    @Test
    void aHostWithNothingNamesWhatMendsEachThing() {
        HostReport report =
                report(new KvmProbe(Kind.NONE, "none: \"quoted\"", "sudo modprobe kvm-amd", false, Map.of()));
        assertThat(report.runsVms()).isFalse();
        assertThat(report.findings())
                .filteredOn(finding -> finding.state() == Finding.State.MISSING)
                .extracting(Finding::key)
                .containsExactly(
                        "kvm.kind",
                        "memory.hugePages",
                        "memory.transparentHugePages",
                        "iommu.groups",
                        "vfio.device",
                        "net.tap");
        assertThat(report.findings())
                .filteredOn(finding -> finding.state() == Finding.State.MISSING)
                .allMatch(finding -> !finding.remedy().isEmpty());
        assertThat(ReportTable.of(report, true))
                .startsWith("This host runs no virtual machines: KVM is none: \"quoted\"; sudo modprobe kvm-amd\n")
                .contains("\u001b[33mmissing\u001b[0m  KVM ", "-> sudo modprobe tun");
        assertThat(ReportJson.of(report)).contains("\"value\": \"none: \\\"quoted\\\"\"");
    }

    @Test
    void withoutACapabilityLullNeedsNoMachineRuns() {
        Map<Capability, Integer> values = all();
        values.put(Capability.IMMEDIATE_EXIT, 0);
        HostReport report = report(new KvmProbe(Kind.HARDWARE, "hardware (vmx)", "", true, values));
        assertThat(report.runsVms()).isFalse();
    }

    @Test
    void keysOfTheReportStayAsTheyAre() {
        HostReport report = report(new KvmProbe(Kind.PARAVIRTUAL, "paravirtual", "./lull lab shell", true, all()));
        assertThat(report.runsVms()).isTrue();
        assertThat(report.runsStockKernels()).isFalse();
        assertThat(report.findings())
                .extracting(Finding::key)
                .containsExactly(("kvm.kind kvm.api kvm.irqchip kvm.splitIrqchip kvm.irqfd kvm.ioeventfd kvm.signalMsi "
                                + "kvm.immediateExit kvm.msrFilter kvm.userSpaceMsr kvm.readonlyMemory "
                                + "kvm.dirtyRing kvm.binaryStats kvm.haltPoll kvm.disableExits kvm.tscDeadline "
                                + "kvm.tscFrequency kvm.tscControl kvm.recommendedVcpus kvm.maxVcpus "
                                + "kvm.memorySlots lull.maxVcpus memory.totalMib memory.availableMib "
                                + "memory.hugePages memory.transparentHugePages iommu.groups vfio.device "
                                + "net.tap")
                        .split(" "));
    }

    private HostReport report(KvmProbe kvm) {
        return HostReport.of(new HostFiles(root), kvm);
    }

    private static Map<Capability, Integer> all() {
        Map<Capability, Integer> values = new EnumMap<>(Capability.class);
        for (Capability capability : Capability.values()) {
            values.put(capability, capability.isLimit() ? 512 : 1);
        }
        return values;
    }

    private void write(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
