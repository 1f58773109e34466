package dev.lull.kvm;

import dev.lull.linux.Fd;

/** KVM's own account of a vCPU. */
public final class VcpuStats extends KvmStats {
    /** Whether the vCPU waits in KVM after a halt of its own: 0 or 1. */
    public static final String BLOCKING = "blocking";

    /** How often something woke it up while it waited; it runs as soon as it gets a CPU. */
    public static final String HALT_WAKEUP = "halt_wakeup";

    /** Nanoseconds it waited then. */
    public static final String HALT_WAIT_NANOS = "halt_wait_ns";

    /** How often it waited so long: value <i>n</i> counts the waits whose nanoseconds are <i>n</i> bits long, the last all longer. */
    public static final String HALT_WAIT_HISTOGRAM = "halt_wait_hist";

    VcpuStats(Fd fd) {
        super(fd);
    }
}
