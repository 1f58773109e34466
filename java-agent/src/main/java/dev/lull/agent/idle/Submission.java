package dev.lull.agent.idle;

import dev.lull.idle.IdleOutcome;
import dev.lull.idle.StepAccount;
import java.util.concurrent.CompletableFuture;
import org.HdrHistogram.Histogram;

/** A task in a scheduler's hands, and the account of its steps. */
public final class Submission {
    private static final long LONGEST_STEP_NANOS = 60_000_000_000L;
    private static final int DIGITS = 2;

    /** Steps before their histogram says what one costs; until then half a step is allowed for. */
    private static final int FEW_STEPS = 16;

    private static final double COST_PERCENTILE = 99;

    /** How a task stands. */
    public enum State {
        /** Waits for a rest, or for its turn. */
        QUEUED,
        /** Somebody steps it. */
        RUNNING,
        /** Cannot go on for now. */
        BLOCKED,
        /** Done. */
        DONE,
        /** Failed, or was cancelled, or its machine ended before it was done. */
        ENDED
    }

    final IdleMachine machine;
    final Task task;
    final int id;
    final int priority;
    final long deadlineNanos;
    private final long waitNanos;
    final CompletableFuture<State> end = new CompletableFuture<>();

    /** Of its steps in the native core; the histogram is of the others. */
    final StepAccount account = new StepAccount();

    private final Histogram stepNanos = new Histogram(LONGEST_STEP_NANOS, DIGITS);
    private State state = State.QUEUED;
    private boolean cancelled;
    private long overdueSteps;
    private long workedNanos;

    /** @param waitNanos from {@code nowNanos} to its deadline, or {@link Task#NEVER} */
    Submission(IdleMachine machine, Task task, int id, int priority, long waitNanos, long nowNanos) {
        this.machine = machine;
        this.task = task;
        this.id = id;
        this.priority = priority;
        this.waitNanos = waitNanos;
        this.deadlineNanos = waitNanos == Task.NEVER ? Task.NEVER : nowNanos + waitNanos;
    }

    /** Tells it from its scheduler's other tasks, 0–65535. */
    public int id() {
        return id;
    }

    /** Whose idle time it is done in. */
    public IdleMachine machine() {
        return machine;
    }

    /** Of two that could go on, the one with the greater priority does. */
    public int priority() {
        return priority;
    }

    /** How long after its submission it should be done, in nanoseconds; {@link Task#NEVER} if any time will do. */
    public long waitNanos() {
        return waitNanos;
    }

    /** The task. */
    public Task task() {
        return task;
    }

    /** How it stands. */
    public synchronized State state() {
        return state;
    }

    /** Completed when it is done, or will not be. */
    public CompletableFuture<State> end() {
        return end;
    }

    /** Steps in idle time, and on a housekeeping CPU. */
    public synchronized long steps() {
        return stepNanos.getTotalCount() + account.steps();
    }

    /** Those of them that were not in idle time, for the task was past its deadline. */
    public synchronized long overdueSteps() {
        return overdueSteps;
    }

    /** Steps during which the guest woke up. */
    public long preempted() {
        return account.preempted();
    }

    /** What its steps took together, in nanoseconds; of one during which the guest woke up no more than a step may take. */
    public synchronized long workedNanos() {
        return workedNanos + account.workedNanos();
    }

    /** How long its steps took, in nanoseconds; a copy. */
    public synchronized Histogram stepNanos() {
        Histogram all = stepNanos.copy();
        account.forEach(all::recordValueWithCount);
        return all;
    }

    /** Takes it from the scheduler; a step under way is let end. Does not wait. */
    public void cancel() {
        synchronized (this) {
            cancelled = true;
        }
        machine.dropCancelled(this);
    }

    synchronized boolean isCancelled() {
        return cancelled;
    }

    /** It is over; its task is closed. */
    void finish(State how) {
        setState(how);
        machine.retire(this);
        try {
            task.close();
        } finally {
            end.complete(how);
        }
    }

    synchronized void setState(State state) {
        this.state = state;
    }

    /** A step that was not the native core's. */
    synchronized void recordStep(long nanos, boolean overdue) {
        stepNanos.recordValue(Math.clamp(nanos, 0, LONGEST_STEP_NANOS));
        workedNanos += nanos;
        if (overdue) {
            overdueSteps++;
        }
    }

    /** What a step of it costs, learned from those it took. */
    synchronized long costNanos(long maxStepNanos) {
        return stepNanos.getTotalCount() < FEW_STEPS
                ? maxStepNanos / 2
                : Math.min(maxStepNanos, stepNanos.getValueAtPercentile(COST_PERCENTILE));
    }

    static State after(IdleOutcome outcome) {
        return switch (outcome) {
            case DONE -> State.DONE;
            case BLOCKED -> State.BLOCKED;
            case MORE, REQUESTED -> State.QUEUED;
        };
    }
}
