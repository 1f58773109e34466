package dev.lull.agent.idle;

/**
 * What a worker found and did on its CPU, for all machines that are at home there.
 *
 * @param cpu the host's number of it
 * @param workerNanos processor time of the worker, its looks included
 * @param steps of tasks
 * @param preempted steps during which a guest woke up
 * @param awake looks that found a guest awake
 * @param ioFirst looks that found a guest's request not yet submitted
 * @param declined rests that would probably have ended before a step
 */
public record IdleCpu(int cpu, long workerNanos, long steps, long preempted, long awake, long ioFirst, long declined) {}
