package dev.lull.agent.idle;

import dev.lull.agent.machine.Management;
import dev.lull.device.memory.GuestMemory;
import dev.lull.idle.IdleOutcome;
import dev.lull.idle.IdleUnavailable;
import dev.lull.idle.NativeTask;
import dev.lull.idle.TouchedMemory;
import dev.lull.kvm.VmStats;
import dev.lull.linux.LinuxException;
import dev.lull.linux.Mapping;
import java.util.SplittableRandom;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Estimates how much of its memory a guest's vCPUs touch within some time, from a sample. It costs the guest a fault, of a
 * microsecond or so, for each page of the sample that it touches.
 */
public final class WorkingSetTask implements Task {
    /** Enough for a twentieth of all memory as the usual error; each has 512 pages, or one that is huge. */
    private static final int PIECES = 128;

    private static final long PERIOD_NANOS = 10_000_000_000L;
    private static final long MIB = 1 << 20;
    private static final double NANOS_PER_SECOND = 1e9;

    private final String machine;
    private final VmStats stats;
    private final TouchedMemory memory;
    private final NanoClock clock;
    private final long periodNanos;
    private long takenNanos;
    private long countedNanos;

    private enum Phase {
        TAKE,
        WAIT,
        COUNT,
        DONE
    }

    private volatile Phase phase = Phase.TAKE;

    /**
     * What {@code machine} touches within ten seconds.
     *
     * @throws IdleUnavailable if its memory is of the pool of huge pages, this host's KVM does not tell, or this process may
     *     not use userfaultfd
     */
    public WorkingSetTask(Management machine) {
        this(machine, PERIOD_NANOS, SystemNanoClock.INSTANCE);
    }

    /** As the other, within {@code periodNanos}. */
    public WorkingSetTask(Management machine, long periodNanos, NanoClock clock) {
        this.machine = machine.name();
        this.periodNanos = periodNanos;
        this.clock = clock;
        if (machine.memoryPageBytes() != Mapping.PAGE_BYTES) {
            throw new IdleUnavailable(this.machine
                    + ": its memory is of the host's pool of huge pages, of which no sample can be taken; make it"
                    + " without --hugepages");
        }
        stats = machine.openMachineStats();
        try {
            memory = new TouchedMemory(
                    machine.memory().regions().stream()
                            .map(GuestMemory.Region::segment)
                            .toList(),
                    stats,
                    new SplittableRandom(),
                    PIECES);
        } catch (IdleUnavailable e) {
            stats.close();
            throw e;
        }
    }

    @Override
    public String name() {
        return TaskKind.WORKING_SET.toString();
    }

    @Override
    public IdleOutcome step(long budgetNanos) {
        IdleOutcome outcome = memory.step(budgetNanos);
        return outcome == IdleOutcome.DONE ? nativeDone() : outcome;
    }

    @Override
    public NativeTask nativeWork() {
        return memory;
    }

    /** @throws LinuxException if the host refused what it had allowed */
    @Override
    public IdleOutcome nativeDone() {
        if (memory.error() != 0) {
            throw new LinuxException("sampling memory", machine, memory.error());
        }
        long now = clock.nanoTime();
        switch (phase) {
            case TAKE -> {
                takenNanos = now;
                phase = Phase.WAIT;
            }
            case WAIT -> {
                if (now - takenNanos >= periodNanos) {
                    memory.count();
                    phase = Phase.COUNT;
                }
            }
            case COUNT, DONE -> {
                countedNanos = now;
                phase = Phase.DONE;
            }
        }
        return switch (phase) {
            case WAIT -> IdleOutcome.BLOCKED;
            case DONE -> IdleOutcome.DONE;
            case TAKE, COUNT -> IdleOutcome.MORE;
        };
    }

    @Override
    public long blockedNanos() {
        return Math.max(1, takenNanos + periodNanos - clock.nanoTime());
    }

    /** The estimate. */
    public TouchedMemory memory() {
        return memory;
    }

    @Override
    public String result() {
        return phase == Phase.DONE
                ? "%d MiB touched within %.1f s, give or take %d MiB (%d of %d pieces of 2 MiB looked at)"
                        .formatted(
                                memory.touchedBytes() / MIB,
                                (countedNanos - takenNanos) / NANOS_PER_SECOND,
                                memory.marginBytes() / MIB,
                                memory.sampled(),
                                memory.pieces())
                : "not known before " + Math.round(periodNanos / NANOS_PER_SECOND) + " s have gone by";
    }

    @Override
    public void close() {
        memory.close();
        stats.close();
    }
}
