package dev.lull.idle;

/**
 * Something that happened on a worker's processor.
 *
 * @param kind what
 * @param beginNanos of {@link System#nanoTime}'s clock
 * @param endNanos of the same
 * @param halts names the rest: how often the processor's vCPUs had halted
 * @param beginCpu where a step began
 * @param endCpu where a step ended
 * @param task {@link NativeTask#setId}
 * @param outcome of a step
 * @param preempted whether a guest woke up during a step
 */
public record IdleRecord(
        Kind kind,
        long beginNanos,
        long endNanos,
        long halts,
        int beginCpu,
        int endCpu,
        int task,
        IdleOutcome outcome,
        boolean preempted) {
    /** How long it took. */
    public long nanos() {
        return endNanos - beginNanos;
    }

    /** What happened. */
    public enum Kind {
        /** A step of a task. */
        STEP,
        /** All vCPUs rested, as far as they were looked at. */
        REST
    }
}
