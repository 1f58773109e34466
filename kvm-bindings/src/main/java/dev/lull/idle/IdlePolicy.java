package dev.lull.idle;

/** How a worker comes by the processor it shares with vCPUs. All but the first are there to be compared with it. */
public enum IdlePolicy {
    /** In {@code SCHED_IDLE}, and only in steps that begin while every vCPU of the processor rests: the way of Lull. */
    CONFIRMED(IdleLayout.Constants.LULL_IDLE_CONFIRMED),
    /** In {@code SCHED_IDLE}, which alone decides. */
    SCHED_IDLE(IdleLayout.Constants.LULL_IDLE_SCHED_IDLE),
    /** An ordinary thread with the least weight. */
    NICE_19(IdleLayout.Constants.LULL_IDLE_NICE_19),
    /** An ordinary thread. */
    NORMAL(IdleLayout.Constants.LULL_IDLE_NORMAL);

    final int number;

    IdlePolicy(int number) {
        this.number = number;
    }
}
