package dev.lull.agent.idle;

import dev.lull.idle.IdleOutcome;
import dev.lull.idle.NativeTask;
import org.jspecify.annotations.Nullable;

/**
 * Work on a machine's behalf that is done a step at a time, while its guest rests. A step leaves everything in order: the next one
 * may come much later, on another thread, or never. It is stepped by one thread at a time.
 */
public interface Task extends AutoCloseable {
    /** No deadline. */
    long NEVER = Long.MAX_VALUE;

    /** What it is called in reports, for example {@code fingerprints}. */
    String name();

    /** Of two tasks that could go on, the one with the greater priority does; 0 is usual. */
    default int priority() {
        return 0;
    }

    /** How long after {@link IdleMachine#submit} it should be done, in nanoseconds; then it may have a CPU that is no guest's. */
    default long deadlineNanos() {
        return NEVER;
    }

    /** How long it is left alone after it said that it is {@code BLOCKED}, in nanoseconds. */
    default long blockedNanos() {
        return 10_000_000;
    }

    /**
     * Does a part.
     *
     * @param budgetNanos how long it may take; well under a millisecond
     * @return {@code DONE}, {@code MORE}, or {@code BLOCKED} if it cannot go on for now and is to be asked again later
     */
    IdleOutcome step(long budgetNanos);

    /** The work as the native core does it: many steps a call, and none of them in Java. Null if it is done in Java. */
    default @Nullable NativeTask nativeWork() {
        return null;
    }

    /** Asked when {@link #nativeWork} is done: {@code MORE} if there is other work, which it gives from then on. */
    default IdleOutcome nativeDone() {
        return IdleOutcome.DONE;
    }

    /** What it has done so far, in a line for a person. */
    String result();

    /** Gives back what it holds; it is stepped no more. */
    @Override
    void close();
}
