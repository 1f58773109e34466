package dev.lull.agent.cli.host;

import dev.lull.agent.cli.host.KvmProbe.Capability;
import dev.lull.agent.cli.host.KvmProbe.Kind;
import dev.lull.agent.machine.MachineConfig;
import java.util.ArrayList;
import java.util.List;

/** What a host offers to virtual machines. */
public final class HostReport {
    private static final String MEMINFO = "proc/meminfo";
    private static final String TRANSPARENT = "sys/kernel/mm/transparent_hugepage/enabled";
    private static final int CAP_NET_ADMIN = 12;

    private final KvmProbe kvm;
    private final List<Finding> findings = new ArrayList<>();

    private HostReport(KvmProbe kvm) {
        this.kvm = kvm;
    }

    /** Reports on the host of {@code files} with this KVM. */
    public static HostReport of(HostFiles files, KvmProbe kvm) {
        HostReport report = new HostReport(kvm);
        report.reportKvm();
        report.reportMemory(files);
        report.reportAssignment(files);
        report.reportNetwork(files);
        return report;
    }

    /** Whether a machine can be made here. */
    public boolean runsVms() {
        for (Capability capability : Capability.values()) {
            if (capability.required() && kvm.value(capability) == 0) {
                return false;
            }
        }
        return kvm.makesVms();
    }

    /** Whether an unmodified Linux kernel runs in it. */
    public boolean runsStockKernels() {
        return runsVms() && kvm.kind() == Kind.HARDWARE;
    }

    KvmProbe kvm() {
        return kvm;
    }

    List<Finding> findings() {
        return List.copyOf(findings);
    }

    /** The finding in one line. */
    String verdict() {
        if (runsStockKernels()) {
            return "This host runs virtual machines with stock Linux kernels.";
        }
        return runsVms()
                ? "This host runs virtual machines; stock Linux kernels need the lab: " + kvm.remedy()
                : "This host runs no virtual machines: KVM is " + kvm.why()
                        + (kvm.remedy().isEmpty() ? "" : "; " + kvm.remedy());
    }

    private void reportKvm() {
        add(
                kvm.remedy().isEmpty()
                        ? Finding.present("kvm.kind", "KVM", kvm.why())
                        : Finding.missing("kvm.kind", "KVM", kvm.why(), kvm.remedy()));
        if (kvm.values().isEmpty()) {
            return;
        }
        add(Finding.present("kvm.api", "API version", 12));
        for (Capability capability : Capability.values()) {
            add(capability(capability));
        }
        add(Finding.info("lull.maxVcpus", "vCPUs of a Lull machine, at most", MachineConfig.MAX_VCPUS));
    }

    private Finding capability(Capability capability) {
        String key = "kvm." + camelCase(capability.name());
        int value = kvm.value(capability);
        if (capability.isLimit()) {
            return Finding.info(key, capability.label(), value);
        }
        if (value != 0) {
            return Finding.present(key, capability.label(), "yes");
        }
        return Finding.missing(
                key,
                capability.label(),
                capability == Capability.TSC_CONTROL ? "no: the processor or its hypervisor lacks it" : "no",
                capability == Capability.TSC_CONTROL ? "" : "sudo apt-get dist-upgrade # a newer kernel has it");
    }

    private void reportMemory(HostFiles files) {
        add(Finding.info("memory.totalMib", "memory, MiB", files.number(MEMINFO, "MemTotal") >> 10));
        add(Finding.info("memory.availableMib", "memory available, MiB", files.number(MEMINFO, "MemAvailable") >> 10));
        long free = files.number(MEMINFO, "HugePages_Free");
        long total = files.number(MEMINFO, "HugePages_Total");
        long sizeKib = files.number(MEMINFO, "Hugepagesize");
        String pages = free + " free of " + total + " of " + (sizeKib >> 10) + " MiB";
        add(
                free > 0
                        ? Finding.present("memory.hugePages", "huge pages", pages)
                        : Finding.missing("memory.hugePages", "huge pages", pages, "sudo sysctl vm.nr_hugepages=128"));
        String modes = files.text(TRANSPARENT);
        int open = modes.indexOf('[');
        int close = modes.indexOf(']');
        String mode = open >= 0 && close > open ? modes.substring(open + 1, close) : "none";
        add(
                mode.equals("always") || mode.equals("madvise")
                        ? Finding.present("memory.transparentHugePages", "transparent huge pages", mode)
                        : Finding.missing(
                                "memory.transparentHugePages",
                                "transparent huge pages",
                                mode,
                                "echo madvise | sudo tee /" + TRANSPARENT));
    }

    private void reportAssignment(HostFiles files) {
        int groups = files.entries("sys/kernel/iommu_groups");
        add(
                groups > 0
                        ? Finding.present("iommu.groups", "IOMMU groups", groups)
                        : Finding.missing("iommu.groups", "IOMMU groups", 0, "./lull lab shell --nic e1000e"));
        add(
                files.exists("dev/vfio/vfio")
                        ? Finding.present("vfio.device", "VFIO", "yes")
                        : Finding.missing("vfio.device", "VFIO", "no /dev/vfio/vfio", "sudo modprobe vfio-pci"));
    }

    private void reportNetwork(HostFiles files) {
        boolean tun = files.exists("dev/net/tun");
        boolean admin = hasCapability(files.field("proc/self/status", "CapEff"), CAP_NET_ADMIN);
        if (tun && admin) {
            add(Finding.present("net.tap", "tap devices", "yes"));
        } else {
            add(Finding.missing(
                    "net.tap",
                    "tap devices",
                    tun ? "this user makes none (CAP_NET_ADMIN)" : "no /dev/net/tun",
                    tun ? "sudo ip tuntap add tap0 mode tap user $USER" : "sudo modprobe tun"));
        }
    }

    private static boolean hasCapability(String hexadecimalSet, int capability) {
        try {
            return (Long.parseUnsignedLong(hexadecimalSet, 16) >>> capability & 1) != 0;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** {@code IRQ_FD} as {@code irqFd}. */
    private static String camelCase(String constant) {
        StringBuilder name = new StringBuilder();
        boolean upper = false;
        for (int i = 0; i < constant.length(); i++) {
            char c = constant.charAt(i);
            if (c == '_') {
                upper = true;
            } else {
                name.append(upper ? c : Character.toLowerCase(c));
                upper = false;
            }
        }
        return name.toString();
    }

    private void add(Finding finding) {
        findings.add(finding);
    }
}
