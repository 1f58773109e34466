package dev.lull.agent.idle;

import dev.lull.idle.IdleOutcome;
import dev.lull.idle.IdleRecord;

/** Told what happens in idle time, on the thread of a worker, between two batches. */
public interface IdleEvents {
    /** Nobody wants to know. */
    IdleEvents NONE = new IdleEvents() {};

    /** Whether {@link #happened} is wanted: to keep a record of each step costs the guests some of their idle time. */
    default boolean eachStep() {
        return false;
    }

    /** A rest was used, or a step was taken for {@code work}. */
    default void happened(Submission work, IdleRecord record) {}

    /** A step that is not the native core's. */
    default void javaStep(Submission work, long beginNanos, long nanos, int cpu, IdleOutcome outcome) {}

    /** A step on a housekeeping CPU, of a task past its deadline. */
    default void overdueStep(Submission work, long beginNanos, long nanos) {}

    /** A task failed by a fault of its own; it is over. */
    default void failed(Submission work, Throwable fault) {}
}
