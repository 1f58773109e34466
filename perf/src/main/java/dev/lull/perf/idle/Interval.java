package dev.lull.perf.idle;

import java.util.EnumMap;
import java.util.Map;

/**
 * What became of a CPU's time between two moments.
 *
 * @param nanos that passed
 * @param vcpuNanos that the vCPU ran
 * @param workNanos that work took
 * @param workBytes worked through
 */
record Interval(long nanos, long vcpuNanos, long workNanos, long workBytes) {
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** As a moment: since the beginning of each of the four. */
    Interval until(Interval later) {
        return new Interval(
                later.nanos - nanos,
                later.vcpuNanos - vcpuNanos,
                later.workNanos - workNanos,
                later.workBytes - workBytes);
    }

    /** The metrics of the CPU; those of work only if there was somebody to do it. */
    Map<IdleMetric, Long> metrics(boolean works) {
        Map<IdleMetric, Long> metrics = new EnumMap<>(IdleMetric.class);
        long idleNanos = Math.max(nanos - vcpuNanos, 1);
        metrics.put(IdleMetric.IDLE, 1000 * idleNanos / nanos);
        if (works) {
            metrics.put(IdleMetric.USED, 1000 * workNanos / idleNanos);
            metrics.put(IdleMetric.WORK, (long) ((double) workBytes / 1024 * NANOS_PER_SECOND / nanos));
        }
        return metrics;
    }
}
