package dev.lull.agent.machine;

import dev.lull.device.memory.GuestMemory;
import dev.lull.kvm.HostTsc;
import dev.lull.kvm.KvmException;
import dev.lull.kvm.KvmRun;
import dev.lull.kvm.VcpuFd;
import dev.lull.kvm.VmFd;
import dev.lull.paravirt.clock.KvmClock;
import dev.lull.paravirt.clock.VirtualCounter;
import java.time.InstantSource;

/**
 * A running machine's counter of its own frequency, and the clock its guest keeps by it: see {@link KvmClock}. The
 * host's counter is its TSC, which is to have one frequency and to be the same on all its processors.
 */
public final class ScaledCounter {
    private final KvmClock clock;
    private final long hostHz;

    private ScaledCounter(KvmClock clock, long hostHz) {
        this.clock = clock;
        this.hostHz = hostHz;
    }

    /**
     * A counter that begins with 0, for a machine whose vCPUs have been made and not entered.
     *
     * @throws MachineException if this host cannot
     */
    static ScaledCounter begin(ScaledCounterConfig config, VmFd vm, VcpuFd anyVcpu, GuestMemory memory, int vcpus) {
        if (!HostTsc.isReadable()) {
            throw new MachineException("a scaled counter needs Lull's native core, and there is none; use the host's");
        }
        try {
            vm.exitOnMsrs(KvmClock.MSRS);
            anyVcpu.tscOffset();
        } catch (KvmException e) {
            throw new MachineException(
                    "a scaled counter needs KVM of Linux 5.16: " + e.getMessage() + "; use the host's counter", e);
        }
        long hostHz = HostTsc.measureHertz();
        VirtualCounter counter = VirtualCounter.startingAt(
                HostTsc.read(), 0, ticksPerSecond(hostHz, config.dilation()), config.nominalHz());
        return new ScaledCounter(new KvmClock(memory, HostTsc::read, InstantSource.system(), counter, vcpus), hostHz);
    }

    /** The counter as it is now made of the host's TSC. */
    public VirtualCounter counter() {
        return clock.counter();
    }

    /** The guest's time, in nanoseconds from when the machine was made. */
    public long nanos() {
        return clock.nanos();
    }

    /** How many addresses the guest has given for its clock that are not in its memory, or not aligned. */
    public long refusedAddresses() {
        return clock.refused();
    }

    /**
     * Makes the guest's seconds last longer or shorter from now on. Its clock goes on from where it is. Its timers are
     * set by the frequency of the TSC that it found when it booted: they are early or late by the ratio of then to now.
     *
     * @param dilation as {@link ScaledCounterConfig#dilation}
     * @throws ConfigException if it is out of its bounds
     */
    public void dilate(double dilation) {
        ScaledCounterConfig.checkDilation(dilation);
        clock.rescale(ticksPerSecond(hostHz, dilation));
    }

    /** Answers the guest's access to a register that exits; on that vCPU's thread. */
    void access(int vcpu, VcpuFd fd, boolean write) {
        KvmRun run = fd.kvmRun();
        int msr = run.msrIndex();
        if (!KvmClock.MSRS.contains(msr)) {
            run.refuseMsr();
        } else if (write) {
            clock.write(vcpu, msr, run.msrData(), fd.tscOffset());
            run.acceptMsr();
        } else {
            run.answerMsr(clock.read(vcpu, msr));
        }
    }

    private static long ticksPerSecond(long hostHz, double dilation) {
        return Math.round(hostHz * dilation);
    }
}
