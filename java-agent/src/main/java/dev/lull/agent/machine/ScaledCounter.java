package dev.lull.agent.machine;

import dev.lull.device.memory.GuestMemory;
import dev.lull.kvm.HostTsc;
import dev.lull.kvm.KvmConstants;
import dev.lull.kvm.KvmException;
import dev.lull.kvm.KvmRun;
import dev.lull.kvm.VcpuFd;
import dev.lull.kvm.VmFd;
import dev.lull.linux.Mapping;
import dev.lull.paravirt.clock.CounterPage;
import dev.lull.paravirt.clock.HostTicks;
import dev.lull.paravirt.clock.KvmClock;
import dev.lull.paravirt.clock.VirtualCounter;
import java.lang.foreign.MemorySegment;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * A running machine's counter of its own frequency: its page, which the guest finds by CPUID and may only read, and the
 * clock a stock guest keeps by it, see {@link KvmClock}. The host's counter is its TSC, which is to have one frequency
 * and to be the same on all its processors; all vCPUs read it as it is.
 */
public final class ScaledCounter implements AutoCloseable {
    /** {@code IA32_TSC}, which Linux calls {@code MSR_IA32_TSC}. */
    private static final int MSR_TSC = 0x10;

    private static final List<Integer> MSRS = msrs();

    private final Mapping page;
    private final List<VcpuFd> vcpus;
    private final KvmClock clock;
    private final long hostHz;
    private volatile double dilation;
    private volatile long tscOffset;

    private ScaledCounter(Mapping page, List<VcpuFd> vcpus, KvmClock clock, long hostHz, double dilation) {
        this.page = page;
        this.vcpus = vcpus;
        this.clock = clock;
        this.hostHz = hostHz;
        this.dilation = dilation;
    }

    /**
     * A counter that begins with 0, for a machine whose vCPUs have been made and not entered.
     *
     * @throws MachineException if this host cannot
     */
    static ScaledCounter begin(ScaledCounterConfig config, VmFd vm, List<VcpuFd> vcpus, GuestMemory memory) {
        if (!HostTsc.isReadable()) {
            throw new MachineException("a scaled counter needs Lull's native core, and there is none; use the host's");
        }
        try {
            vm.exitOnMsrs(MSRS);
            vcpus.forEach(vcpu -> vcpu.setTscOffset(0));
        } catch (KvmException e) {
            throw new MachineException(
                    "a scaled counter needs KVM of Linux 5.16: " + e.getMessage() + "; use the host's counter", e);
        }
        long hostHz = HostTsc.measureHertz();
        Mapping page = Mapping.anonymous(Mapping.PAGE_BYTES);
        try {
            CounterPage counter = new CounterPage(
                    page.segment(),
                    VirtualCounter.startingAt(
                            HostTsc.read(), 0, ticksPerSecond(hostHz, config.dilation()), config.nominalHz()));
            vm.setMemoryRegion(
                    MemoryMap.COUNTER_SLOT, KvmConstants.KVM_MEM_READONLY, MemoryMap.COUNTER_GPA, page.segment());
            KvmClock clock = new KvmClock(memory, HostTsc::read, InstantSource.system(), counter, vcpus.size());
            return new ScaledCounter(page, List.copyOf(vcpus), clock, hostHz, config.dilation());
        } catch (RuntimeException e) {
            page.close();
            throw e;
        }
    }

    /** The counter as it is now made of the host's TSC. */
    public VirtualCounter counter() {
        return clock.counter();
    }

    /** The frequency of the host's counter, as measured. */
    public long hostHz() {
        return hostHz;
    }

    /** How many seconds a second of the guest's lasts now. */
    public double dilation() {
        return dilation;
    }

    /** Where the guest finds the counter's page: its guest-physical address. */
    public long pageGpa() {
        return MemoryMap.COUNTER_GPA;
    }

    /** The counter's page, as the guest sees it; not to be read after the machine was closed. */
    public MemorySegment page() {
        return page.segment().asReadOnly();
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
        this.dilation = dilation;
    }

    /**
     * Goes on as on another host, for tests: one whose TSC is {@code aheadTicks} ahead of this one's, and is taken to be
     * faster by {@code dilation}. For a machine that is paused or was not started.
     *
     * @param dilation as {@link ScaledCounterConfig#dilation}
     * @throws ConfigException if it is out of its bounds
     */
    public void move(long aheadTicks, double dilation) {
        ScaledCounterConfig.checkDilation(dilation);
        vcpus.forEach(vcpu -> vcpu.setTscOffset(aheadTicks));
        tscOffset = aheadTicks;
        HostTicks arrived = () -> HostTsc.read() + aheadTicks;
        clock.move(arrived, ticksPerSecond(hostHz, dilation));
        this.dilation = dilation;
    }

    /** Answers the guest's access to a register that exits; on that vCPU's thread. */
    void access(int vcpu, VcpuFd fd, boolean write) {
        KvmRun run = fd.kvmRun();
        int msr = run.msrIndex();
        if (msr == MSR_TSC) {
            accessTsc(run, write);
        } else if (!KvmClock.MSRS.contains(msr)) {
            run.refuseMsr();
        } else if (write) {
            clock.write(vcpu, msr, run.msrData());
            run.acceptMsr();
        } else {
            run.answerMsr(clock.read(vcpu, msr));
        }
    }

    @Override
    public void close() {
        page.close();
    }

    /** What the guest writes to its TSC is passed over: the pages are of a TSC that is the same on all vCPUs. */
    private void accessTsc(KvmRun run, boolean write) {
        if (write) {
            run.acceptMsr();
        } else {
            run.answerMsr(HostTsc.read() + tscOffset);
        }
    }

    private static List<Integer> msrs() {
        List<Integer> msrs = new ArrayList<>(KvmClock.MSRS);
        msrs.add(MSR_TSC);
        return List.copyOf(msrs);
    }

    private static long ticksPerSecond(long hostHz, double dilation) {
        return Math.round(hostHz * dilation);
    }
}
