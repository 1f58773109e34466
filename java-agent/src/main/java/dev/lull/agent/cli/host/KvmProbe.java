package dev.lull.agent.cli.host;

import dev.lull.kvm.Kvm;
import dev.lull.kvm.KvmConstants;
import dev.lull.linux.Errno;
import dev.lull.linux.LinuxException;
import java.util.EnumMap;
import java.util.Map;

/**
 * What this host's KVM is.
 *
 * @param kind which kind
 * @param why in words, for a person
 * @param remedy the command that mends it, empty where nothing is amiss
 * @param makesVms whether an empty VM could be made
 * @param values each capability's value; empty where there is no KVM
 */
public record KvmProbe(Kind kind, String why, String remedy, boolean makesVms, Map<Capability, Integer> values) {
    /** The kinds. */
    public enum Kind {
        /** On the processor's own virtualization: runs stock kernels. */
        HARDWARE,
        /** Without it: a hypervisor below lends virtual machines, and guest kernels' code is interpreted. */
        PARAVIRTUAL,
        /** There is none, or not for this user. */
        NONE
    }

    private static final String LAB = "./lull lab shell";

    /** Keeps the values to itself. */
    public KvmProbe {
        values = Map.copyOf(values);
    }

    /** Asks this host's {@code /dev/kvm}. */
    public static KvmProbe of(HostFiles files) {
        boolean vmx = files.hasProcessorFlag("vmx");
        boolean svm = files.hasProcessorFlag("svm");
        try (Kvm kvm = Kvm.open()) {
            Map<Capability, Integer> values = new EnumMap<>(Capability.class);
            for (Capability capability : Capability.values()) {
                values.put(capability, kvm.capability(capability.number()));
            }
            return opened(kvm, vmx ? "vmx" : svm ? "svm" : "", values);
        } catch (LinuxException e) {
            return absent(e, vmx, svm);
        }
    }

    /** The value of {@code capability}; 0 where it is missing. */
    int value(Capability capability) {
        return values.getOrDefault(capability, 0);
    }

    private static KvmProbe opened(Kvm kvm, String flag, Map<Capability, Integer> values) {
        Kind kind = flag.isEmpty() ? Kind.PARAVIRTUAL : Kind.HARDWARE;
        try {
            kvm.createVm("lull-check").close();
        } catch (LinuxException e) {
            return new KvmProbe(
                    kind, "opens, and makes no VM: " + e.getMessage(), "sudo dmesg | grep -i kvm", false, values);
        }
        return kind == Kind.HARDWARE
                ? new KvmProbe(kind, "hardware (" + flag + ")", "", true, values)
                : new KvmProbe(
                        kind, "paravirtual (no vmx or svm): runs small payloads, no stock kernel", LAB, true, values);
    }

    private static KvmProbe absent(LinuxException e, boolean vmx, boolean svm) {
        Map<Capability, Integer> none = Map.of();
        return switch (e.errno()) {
            case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
                vmx || svm
                        ? new KvmProbe(
                                Kind.NONE,
                                "none: the processor has " + (vmx ? "vmx" : "svm") + ", " + Kvm.DEVICE + " is missing",
                                "sudo modprobe " + (vmx ? "kvm-intel" : "kvm-amd"),
                                false,
                                none)
                        : new KvmProbe(
                                Kind.NONE,
                                "none: no " + Kvm.DEVICE + ", and the processor has neither vmx nor svm",
                                LAB,
                                false,
                                none);
            case Errno.EACCES, Errno.EPERM ->
                new KvmProbe(
                        Kind.NONE,
                        "none for this user: no permission for " + Kvm.DEVICE,
                        "sudo usermod -aG kvm $USER && newgrp kvm",
                        false,
                        none);
            default -> new KvmProbe(Kind.NONE, "none: " + e.getMessage(), LAB, false, none);
        };
    }

    /** What KVM may be asked for, {@code KVM_CHECK_EXTENSION}, in the order a report shows it. */
    public enum Capability {
        IRQCHIP("interrupt chips in the kernel", KvmConstants.KVM_CAP_IRQCHIP, true),
        SPLIT_IRQCHIP("split interrupt chips", KvmConstants.KVM_CAP_SPLIT_IRQCHIP, false),
        IRQFD("irqfd", KvmConstants.KVM_CAP_IRQFD, true),
        IOEVENTFD("ioeventfd", KvmConstants.KVM_CAP_IOEVENTFD, false),
        SIGNAL_MSI("MSI by ioctl", KvmConstants.KVM_CAP_SIGNAL_MSI, false),
        IMMEDIATE_EXIT("immediate exit", KvmConstants.KVM_CAP_IMMEDIATE_EXIT, true),
        MSR_FILTER("MSR filter", KvmConstants.KVM_CAP_X86_MSR_FILTER, false),
        USER_SPACE_MSR("MSR exits", KvmConstants.KVM_CAP_X86_USER_SPACE_MSR, false),
        READONLY_MEMORY("read-only memory slots", KvmConstants.KVM_CAP_READONLY_MEM, false),
        DIRTY_RING("dirty ring", KvmConstants.KVM_CAP_DIRTY_LOG_RING, false),
        BINARY_STATS("binary statistics", KvmConstants.KVM_CAP_BINARY_STATS_FD, false),
        HALT_POLL("halt polling control", KvmConstants.KVM_CAP_HALT_POLL, false),
        DISABLE_EXITS("exits can be disabled", KvmConstants.KVM_CAP_X86_DISABLE_EXITS, false),
        TSC_DEADLINE("TSC deadline timer", KvmConstants.KVM_CAP_TSC_DEADLINE_TIMER, false),
        TSC_FREQUENCY("TSC frequency can be read", KvmConstants.KVM_CAP_GET_TSC_KHZ, false),
        TSC_CONTROL("TSC scaling", KvmConstants.KVM_CAP_TSC_CONTROL, false),
        RECOMMENDED_VCPUS("vCPUs recommended", KvmConstants.KVM_CAP_NR_VCPUS, false),
        MAX_VCPUS("vCPUs at most", KvmConstants.KVM_CAP_MAX_VCPUS, true),
        MEMORY_SLOTS("memory slots", KvmConstants.KVM_CAP_NR_MEMSLOTS, true);

        private final String label;
        private final int number;
        private final boolean required;

        Capability(String label, int number, boolean required) {
            this.label = label;
            this.number = number;
            this.required = required;
        }

        String label() {
            return label;
        }

        int number() {
            return number;
        }

        /** Whether a {@code Machine} cannot be without it. */
        boolean required() {
            return required;
        }

        /** Whether its value is a count, not a yes or no. */
        boolean isLimit() {
            return this == RECOMMENDED_VCPUS || this == MAX_VCPUS || this == MEMORY_SLOTS;
        }
    }
}
