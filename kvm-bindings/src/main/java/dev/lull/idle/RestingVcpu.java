package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lull.kvm.KvmException;
import dev.lull.kvm.VcpuStats;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What a worker knows of a vCPU on its processor: whether it rests, and how long it has rested of late. */
public final class RestingVcpu {
    final MemorySegment vcpu = Arena.ofAuto().allocate(IdleLayout.Vcpu.SIZE, 8);

    private final VcpuStats stats;

    /**
     * A view that learns from all of KVM's account, from the vCPU's first rest on.
     *
     * @param stats open as long as a worker has this vCPU
     * @throws IdleUnavailable if this host's KVM does not tell of rests
     */
    public RestingVcpu(VcpuStats stats) {
        this.stats = stats;
        try {
            if (stats.length(VcpuStats.HALT_WAIT_HISTOGRAM) != IdleLayout.Constants.LULL_IDLE_GAP_BUCKETS) {
                throw new IdleUnavailable("this host's KVM keeps another histogram of halts than Lull knows");
            }
            int blocking = stats.index(VcpuStats.BLOCKING);
            int histogram = stats.index(VcpuStats.HALT_WAIT_HISTOGRAM);
            int wakeups = stats.index(VcpuStats.HALT_WAKEUP);
            int first = Math.min(wakeups, Math.min(blocking, histogram));
            int end = Math.max(Math.max(wakeups, blocking) + 1, histogram + IdleLayout.Constants.LULL_IDLE_GAP_BUCKETS);
            vcpu.set(JAVA_INT, IdleLayout.Vcpu.STATS_FD, stats.number());
            vcpu.set(JAVA_INT, IdleLayout.Vcpu.VALUES, end - first);
            vcpu.set(JAVA_LONG, IdleLayout.Vcpu.VALUES_OFFSET, stats.dataOffsetBytes() + (long) first * Long.BYTES);
            vcpu.set(JAVA_INT, IdleLayout.Vcpu.BLOCKING, blocking - first);
            vcpu.set(JAVA_INT, IdleLayout.Vcpu.HALT_WAIT_HIST, histogram - first);
            vcpu.set(JAVA_INT, IdleLayout.Vcpu.HALT_WAKEUP, wakeups - first);
        } catch (KvmException e) {
            throw new IdleUnavailable("this host's KVM does not tell whether a vCPU rests (" + e.getMessage()
                    + "); Linux 5.17 or later does");
        }
    }

    /** KVM's account of the vCPU. */
    public VcpuStats stats() {
        return stats;
    }
}
