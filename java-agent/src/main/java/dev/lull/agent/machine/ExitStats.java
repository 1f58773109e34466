package dev.lull.agent.machine;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One vCPU's exits: how many of each reason and, if asked for, how long each took to handle.
 *
 * <p>Written by the vCPU's thread alone. Others may read the counts at any time and see them a little late; the
 * histograms are theirs to read once the vCPU's thread has ended or is paused.
 */
public final class ExitStats {
    /** The longest handling time told apart from longer ones. */
    public static final long HIGHEST_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** How many decimal digits of a handling time are kept. */
    public static final int SIGNIFICANT_DIGITS = 3;

    private final long[] counts = new long[ExitReason.COUNT];
    private final @Nullable Histogram @Nullable [] handlingNanos;

    /** @param timed whether handling times are to be recorded, not only counts */
    public ExitStats(boolean timed) {
        handlingNanos = timed ? new Histogram[ExitReason.COUNT] : null;
    }

    /** Whether handling times are recorded. */
    boolean timed() {
        return handlingNanos != null;
    }

    /** The number of exits for {@code reason}. */
    public long count(int reason) {
        return counts[reason];
    }

    /** The number of exits for any reason. */
    long total() {
        long total = 0;
        for (long count : counts) {
            total += count;
        }
        return total;
    }

    /** From {@code KVM_RUN} returning to its being entered again, in nanoseconds; null if none or not recorded. */
    public @Nullable Histogram handlingNanos(int reason) {
        return handlingNanos == null ? null : handlingNanos[reason];
    }

    void increment(int reason) {
        counts[reason]++;
    }

    void record(int reason, long nanos) {
        if (handlingNanos == null) {
            return;
        }
        Histogram histogram = handlingNanos[reason];
        if (histogram == null) {
            histogram = new Histogram(HIGHEST_NANOS, SIGNIFICANT_DIGITS);
            handlingNanos[reason] = histogram;
        }
        histogram.recordValue(Math.min(Math.max(nanos, 0), HIGHEST_NANOS));
    }
}
