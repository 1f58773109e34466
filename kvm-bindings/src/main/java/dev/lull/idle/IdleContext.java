package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.lull.linux.EventFd;
import dev.lull.linux.LinuxException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.util.List;
import java.util.function.Consumer;

/**
 * One worker's place in the native core, {@code struct lull_idle} of {@code native/core/lullidle.h}.
 *
 * <p>All but {@link #request} and the counts is for the worker's thread.
 */
public final class IdleContext implements AutoCloseable {
    private static final VarHandle REQUEST = JAVA_INT.varHandle();
    /** For {@code homeCpu}: the worker stays where its thread is. */
    public static final int ANYWHERE = -1;

    private final MemorySegment idle = Arena.ofAuto().allocate(IdleLayout.Idle.SIZE, 8);
    private final MemorySegment records;
    private final EventFd request;

    /** What the native core reads besides, to be reachable as long. */
    private List<Object> guests = List.of();

    /**
     * A worker's place.
     *
     * @param name for messages
     * @param homeCpu the guests' CPU: the calling thread is bound to it while it is in the native core, and to what it was bound
     *     to before when it comes out; or {@link #ANYWHERE}
     * @param recordCapacity records that there is room for between two calls of {@link #takeRecords}: 4 at the least, or 0 for none
     * @param minStepNanos no step is begun for less
     * @param maxStepNanos no step is longer, but by the smallest part of its task
     * @throws IdleUnavailable if there is no native core
     */
    public IdleContext(
            String name, int homeCpu, IdlePolicy policy, int recordCapacity, long minStepNanos, long maxStepNanos) {
        IdleCore.address("lull_idle_run");
        request = new EventFd(name + " request");
        idle.set(JAVA_INT, IdleLayout.Idle.REQUEST_FD, request.fd().number());
        idle.set(JAVA_INT, IdleLayout.Idle.POLICY, policy.number);
        records = Arena.ofAuto().allocate(recordCapacity * (long) IdleLayout.Entry.SIZE, 8);
        idle.set(JAVA_INT, IdleLayout.Idle.RECORD_CAPACITY, recordCapacity);
        idle.set(JAVA_INT, IdleLayout.Idle.HOME_CPU, homeCpu);
        idle.set(JAVA_LONG, IdleLayout.Idle.RECORDS, records.address());
        idle.set(JAVA_LONG, IdleLayout.Idle.MIN_STEP_NANOS, minStepNanos);
        idle.set(JAVA_LONG, IdleLayout.Idle.MAX_STEP_NANOS, maxStepNanos);
    }

    /** Whose rest is to be waited for: all vCPUs at home on the processor, and the loops of their machines' devices. */
    public void setGuests(List<RestingVcpu> vcpus, List<DeviceLoop> loops) {
        MemorySegment vcpuPointers =
                pointers(vcpus.stream().map(vcpu -> vcpu.vcpu).toList());
        MemorySegment loopPointers =
                pointers(loops.stream().map(loop -> loop.loop).toList());
        guests = List.of(List.copyOf(vcpus), List.copyOf(loops), vcpuPointers, loopPointers);
        idle.set(JAVA_INT, IdleLayout.Idle.VCPU_COUNT, vcpus.size());
        idle.set(JAVA_INT, IdleLayout.Idle.LOOP_COUNT, loops.size());
        idle.set(JAVA_LONG, IdleLayout.Idle.VCPUS, vcpuPointers.address());
        idle.set(JAVA_LONG, IdleLayout.Idle.LOOPS, loopPointers.address());
    }

    /**
     * Steps of {@code task} while all guests rest, until it is done or blocked, somebody asks for the worker, the time is over or
     * the records are full.
     *
     * @param account where the steps are added
     * @param batchNanos how long it may take; a step more at the most
     * @param patienceNanos how long it may go on without a step, while guests do not rest
     * @throws LinuxException with {@code EPERM} where the thread may enter {@code SCHED_IDLE} and not leave it, {@code EIO} if a
     *     vCPU's statistics cannot be read
     */
    public IdleOutcome run(NativeTask task, StepAccount account, long batchNanos, long patienceNanos) {
        idle.set(JAVA_LONG, IdleLayout.Idle.BATCH_NANOS, batchNanos);
        idle.set(JAVA_LONG, IdleLayout.Idle.PATIENCE_NANOS, patienceNanos);
        idle.set(JAVA_LONG, IdleLayout.Idle.ACCOUNT, account.account.address());
        try {
            return outcome("lull_idle_run", IdleCore.run(idle, task));
        } finally {
            Reference.reachabilityFence(account);
            Reference.reachabilityFence(guests);
        }
    }

    /**
     * Waits until all guests rest and will probably do so for a step that is not the native core's. As {@link #run}.
     *
     * @return {@link IdleOutcome#MORE} if they do: then the thread is still bound to their CPU; {@code BLOCKED} if {@code batchNanos} went by, {@code REQUESTED}
     */
    public IdleOutcome await(long costNanos, long batchNanos) {
        idle.set(JAVA_LONG, IdleLayout.Idle.BATCH_NANOS, batchNanos);
        try {
            return outcome("lull_idle_await", IdleCore.await(idle, costNanos));
        } finally {
            Reference.reachabilityFence(guests);
        }
    }

    /** Makes {@link #run} and {@link #await} return soon, now or when next called; from any thread. */
    public void request() {
        REQUEST.setVolatile(idle, (long) IdleLayout.Idle.REQUEST, 1);
        request.signal();
    }

    /** The request was heard. */
    public void clearRequest() {
        request.drain();
        REQUEST.setVolatile(idle, (long) IdleLayout.Idle.REQUEST, 0);
    }

    /** Takes what happened since the last call. */
    public void takeRecords(Consumer<IdleRecord> taker) {
        long count = idle.get(JAVA_LONG, IdleLayout.Idle.RECORD_COUNT);
        for (long i = 0; i < count; i++) {
            taker.accept(record(i * IdleLayout.Entry.SIZE));
        }
        idle.set(JAVA_LONG, IdleLayout.Idle.RECORD_COUNT, 0);
    }

    /** Steps taken so far. */
    public long steps() {
        return idle.get(JAVA_LONG, IdleLayout.Idle.STEPS);
    }

    /** Steps during which a guest woke up. */
    public long preempted() {
        return idle.get(JAVA_LONG, IdleLayout.Idle.PREEMPTED);
    }

    /** Looks that found a vCPU awake. */
    public long awake() {
        return idle.get(JAVA_LONG, IdleLayout.Idle.AWAKE);
    }

    /** Looks that found a guest's request not yet submitted. */
    public long ioFirst() {
        return idle.get(JAVA_LONG, IdleLayout.Idle.IO_FIRST);
    }

    /** Rests that would probably have ended before a step. */
    public long declined() {
        return idle.get(JAVA_LONG, IdleLayout.Idle.DECLINED);
    }

    /** Gives back its descriptor; its thread has ended. */
    @Override
    public void close() {
        request.close();
    }

    private static IdleOutcome outcome(String operation, int result) {
        if (result < 0) {
            throw new LinuxException(operation, "the idle worker", -result);
        }
        return result == IdleLayout.Constants.LULL_IDLE_REQUESTED ? IdleOutcome.REQUESTED : IdleOutcome.ofStep(result);
    }

    private IdleRecord record(long at) {
        int kind = records.get(JAVA_BYTE, at + IdleLayout.Entry.KIND);
        int outcome = records.get(JAVA_BYTE, at + IdleLayout.Entry.OUTCOME);
        return new IdleRecord(
                kind == IdleLayout.Constants.LULL_RECORD_STEP ? IdleRecord.Kind.STEP : IdleRecord.Kind.REST,
                records.get(JAVA_LONG, at + IdleLayout.Entry.BEGIN_NANOS),
                records.get(JAVA_LONG, at + IdleLayout.Entry.END_NANOS),
                records.get(JAVA_LONG, at + IdleLayout.Entry.HALTS),
                Short.toUnsignedInt(records.get(JAVA_SHORT, at + IdleLayout.Entry.BEGIN_CPU)),
                Short.toUnsignedInt(records.get(JAVA_SHORT, at + IdleLayout.Entry.END_CPU)),
                Short.toUnsignedInt(records.get(JAVA_SHORT, at + IdleLayout.Entry.TASK)),
                IdleOutcome.ofStep(outcome & ~IdleLayout.Constants.LULL_OUTCOME_PREEMPTED),
                (outcome & IdleLayout.Constants.LULL_OUTCOME_PREEMPTED) != 0);
    }

    private static MemorySegment pointers(List<MemorySegment> targets) {
        MemorySegment array = Arena.ofAuto().allocate(Math.max(1, targets.size()) * (long) Long.BYTES, Long.BYTES);
        for (int i = 0; i < targets.size(); i++) {
            array.setAtIndex(JAVA_LONG, i, targets.get(i).address());
        }
        return array;
    }
}
