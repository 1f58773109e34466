package dev.lull.paravirt.clock;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.lull.device.memory.GuestMemory;
import dev.lull.kvm.KvmParaConstants;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The clock a stock guest asks KVM for (Linux's kvm-clock), kept by Lull: each vCPU names an address by a
 * model-specific register, and finds there how to make nanoseconds of its TSC. They are a {@link VirtualCounter}'s, so
 * they go as fast as that, and stay continuous and the same on all vCPUs when its factors change. The counter itself is
 * in a {@link CounterPage}, which changes with them.
 *
 * <p>As KVM does, it ignores an address that is not RAM, and besides one that is not aligned as {@code
 * Documentation/virt/kvm/x86/msr.rst} demands; it counts them. Its methods may be called from any thread; what the
 * guest does is rare, and so is a change: one lock serves all.
 */
public final class KvmClock {
    /** The registers that are the clock's, in both generations. */
    public static final List<Integer> MSRS = List.of(
            KvmParaConstants.MSR_KVM_WALL_CLOCK,
            KvmParaConstants.MSR_KVM_SYSTEM_TIME,
            KvmParaConstants.MSR_KVM_WALL_CLOCK_NEW,
            KvmParaConstants.MSR_KVM_SYSTEM_TIME_NEW);

    private static final long ENABLE = 1;
    private static final int ALIGNMENT_BYTES = 4;

    /** {@code struct pvclock_wall_clock}: a version, seconds and nanoseconds of 32 bits each. */
    private static final int WALL_CLOCK_BYTES = 12;

    private static final long SECONDS = 4;
    private static final long NANOS = 8;

    private static final VarHandle INT = JAVA_INT.varHandle();

    private final GuestMemory memory;
    private final InstantSource wall;
    private final CounterPage page;
    private final @Nullable PvclockPage[] pages;
    private final long[] systemTimes;
    private long wallClock;
    private long refused;
    private HostTicks ticks;
    private PvclockTime time;

    /**
     * A clock that is 0 at the counter's base.
     *
     * @param ticks as the guest reads them, on each of its vCPUs
     * @param wall the host's wall clock
     * @param page the counter, which nobody else changes
     * @param vcpus how many vCPUs the guest has
     */
    public KvmClock(GuestMemory memory, HostTicks ticks, InstantSource wall, CounterPage page, int vcpus) {
        this.memory = memory;
        this.ticks = ticks;
        this.wall = wall;
        this.page = page;
        this.time = PvclockTime.of(page.counter(), 0);
        this.pages = new PvclockPage[vcpus];
        this.systemTimes = new long[vcpus];
    }

    /** The counter the clock is made of. */
    public synchronized VirtualCounter counter() {
        return page.counter();
    }

    /** How many addresses the guest has named that cannot be had. */
    public synchronized long refused() {
        return refused;
    }

    /** The guest's time now, in nanoseconds. */
    public synchronized long nanos() {
        return time.nanosAt(ticks.now());
    }

    /**
     * The guest reads a register.
     *
     * @param msr one of {@link #MSRS}
     */
    public synchronized long read(int vcpu, int msr) {
        return isSystemTime(msr) ? systemTimes[vcpu] : wallClock;
    }

    /**
     * The guest writes a register.
     *
     * @param msr one of {@link #MSRS}
     */
    public synchronized void write(int vcpu, int msr, long value) {
        if (isSystemTime(msr)) {
            systemTimes[vcpu] = value;
            pages[vcpu] = (value & ENABLE) == 0 ? null : page(value & ~ENABLE);
        } else {
            wallClock = value;
            writeWallClock(value);
        }
    }

    /**
     * From now on the host's counter has another frequency. The guest's clock goes on from where it is, on all vCPUs at
     * one tick.
     *
     * @throws IllegalArgumentException if the frequency is not of {@link VirtualCounter#MIN_HZ} to {@link
     *     VirtualCounter#MAX_HZ}; nothing has changed
     */
    public synchronized void rescale(long hostHz) {
        VirtualCounter.checkHz(hostHz);
        beginAll();
        // Behind the odd versions: CounterPage tells why.
        long now = ticks.now();
        endAll(page.counter().rescaled(now, hostHz), time.nanosAt(now));
    }

    /**
     * From now on the guest reads the counter of another host. Its clock goes on from where it is. No vCPU is in the
     * guest meanwhile: between the two counters there is no tick that is of both.
     *
     * @param arrived the other counter
     * @throws IllegalArgumentException as {@link #rescale}
     */
    public synchronized void move(HostTicks arrived, long hostHz) {
        VirtualCounter.checkHz(hostHz);
        beginAll();
        long left = ticks.now();
        long now = arrived.now();
        ticks = arrived;
        endAll(page.counter().continued(page.counter().counterAt(left), now, hostHz), time.nanosAt(left));
    }

    private void beginAll() {
        page.begin();
        for (PvclockPage clock : pages) {
            if (clock != null) {
                clock.begin();
            }
        }
        VarHandle.fullFence();
    }

    private void endAll(VirtualCounter counter, long nanos) {
        time = PvclockTime.of(counter, nanos);
        page.end(counter);
        for (PvclockPage clock : pages) {
            if (clock != null) {
                clock.end(time);
            }
        }
    }

    private @Nullable PvclockPage page(long gpa) {
        GuestMemory.Region region = find(gpa, PvclockPage.SIZE_BYTES);
        if (region == null) {
            return null;
        }
        PvclockPage clock = new PvclockPage(memory, region.segment(), gpa - region.gpa());
        clock.begin();
        VarHandle.fullFence();
        clock.end(time);
        return clock;
    }

    /** The wall clock when the guest's own was 0; once, as KVM does: it is not kept up to date. */
    private void writeWallClock(long gpa) {
        GuestMemory.Region region = find(gpa, WALL_CLOCK_BYTES);
        if (region == null) {
            return;
        }
        Instant start = wall.instant().minusNanos(time.nanosAt(ticks.now()));
        MemorySegment segment = region.segment();
        long offset = gpa - region.gpa();
        int odd = ((int) INT.getOpaque(segment, offset) + 1) | 1;
        INT.setOpaque(segment, offset, odd);
        VarHandle.fullFence();
        segment.set(JAVA_INT, offset + SECONDS, (int) start.getEpochSecond());
        segment.set(JAVA_INT, offset + NANOS, start.getNano());
        INT.setRelease(segment, offset, odd + 1);
        memory.wrote(segment, offset, WALL_CLOCK_BYTES);
    }

    private GuestMemory.@Nullable Region find(long gpa, int lengthBytes) {
        GuestMemory.Region region = gpa % ALIGNMENT_BYTES == 0 ? memory.find(gpa, lengthBytes) : null;
        if (region == null) {
            refused++;
        }
        return region;
    }

    private static boolean isSystemTime(int msr) {
        return msr == KvmParaConstants.MSR_KVM_SYSTEM_TIME || msr == KvmParaConstants.MSR_KVM_SYSTEM_TIME_NEW;
    }
}
