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
            vcpu.set(JAVA_INT, IdleLayout.Vcpu.STATS_FD, stats.number());
            vcpu.set(JAVA_INT, IdleLayout.Vcpu.VALUES, stats.length());
            vcpu.set(JAVA_LONG, IdleLayout.Vcpu.VALUES_OFFSET, stats.dataOffsetBytes());
            vcpu.set(JAVA_INT, IdleLayout.Vcpu.BLOCKING, stats.index(VcpuStats.BLOCKING));
            vcpu.set(JAVA_INT, IdleLayout.Vcpu.HALT_EXITS, stats.index(VcpuStats.HALT_EXITS));
            vcpu.set(JAVA_INT, IdleLayout.Vcpu.HALT_WAIT_HIST, stats.index(VcpuStats.HALT_WAIT_HISTOGRAM));
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
