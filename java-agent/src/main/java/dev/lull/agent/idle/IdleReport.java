package dev.lull.agent.idle;

/**
 * How a machine's idle time was used since it was first watched.
 *
 * @param machine what it is called
 * @param elapsedNanos that went by, each vCPU's added up
 * @param idleNanos of these, waited for by vCPUs that had halted; a wait that is not over is not in it
 * @param workedNanos what steps took
 * @param steps in idle time and on housekeeping CPUs
 * @param preempted steps during which the guest woke up
 * @param overdue steps on housekeeping CPUs, of tasks past their deadline
 */
public record IdleReport(
        String machine,
        long elapsedNanos,
        long idleNanos,
        long workedNanos,
        long steps,
        long preempted,
        long overdue) {}
