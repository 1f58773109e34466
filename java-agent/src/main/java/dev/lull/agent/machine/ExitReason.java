package dev.lull.agent.machine;

/** Names of the reasons for which {@code KVM_RUN} returns, {@code KVM_EXIT_…} of {@code linux/kvm.h}. */
public final class ExitReason {
    /** One more than the largest reason counted by itself. */
    public static final int COUNT = 64;

    /** Stands for a return that was no exit of the guest's: a kick. */
    public static final int KICK = COUNT - 1;

    private ExitReason() {}

    /** Where the return value {@code reason} of a vCPU's entry is counted. */
    static int index(int reason) {
        return reason >= 0 && reason < KICK ? reason : KICK;
    }

    /** The name of {@code reason} as tables show it. */
    public static String name(int reason) {
        return switch (reason) {
            case 0 -> "unknown";
            case 1 -> "exception";
            case 2 -> "io";
            case 3 -> "hypercall";
            case 4 -> "debug";
            case 5 -> "hlt";
            case 6 -> "mmio";
            case 7 -> "irq-window";
            case 8 -> "shutdown";
            case 9 -> "fail-entry";
            case 10 -> "intr";
            case 17 -> "internal-error";
            case 24 -> "system-event";
            case 26 -> "ioapic-eoi";
            case 29 -> "rdmsr";
            case 30 -> "wrmsr";
            case 31 -> "dirty-ring-full";
            case KICK -> "kick";
            default -> "exit-" + reason;
        };
    }
}
