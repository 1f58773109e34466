package dev.lull.device.virtio;

import org.agrona.concurrent.NanoClock;

/**
 * A token bucket: {@code sizeTokens} at most, refilled evenly, and a burst that is given once, before all others.
 *
 * <p>What is kept is the time at which the bucket will be full. A request may cost more than the bucket holds when full: it
 * waits for a full bucket, and the next one until the debt is paid. Used by one thread; allocates nothing.
 */
public final class TokenBucket {
    /** Longer waits, some 36 years, are this long: sums of two stay far from overflow. */
    private static final long MAX_COST_NANOS = 1L << 60;

    /** The longest time to refill, some 9 years. */
    public static final long MAX_REFILL_NANOS = 1L << 58;

    private final NanoClock clock;

    private final long sizeTokens;
    private final long refillNanos;
    private final double nanosPerToken;
    private long burstTokens;
    private long fullAtNanos;

    /**
     * A full bucket.
     *
     * @param sizeTokens at least 1
     * @param oneTimeBurstTokens on top of the size, never refilled; not negative
     * @param refillNanos how long it takes an empty bucket to be full; 1 to {@link #MAX_REFILL_NANOS}
     */
    public TokenBucket(long sizeTokens, long oneTimeBurstTokens, long refillNanos, NanoClock clock) {
        if (sizeTokens < 1 || oneTimeBurstTokens < 0 || refillNanos < 1 || refillNanos > MAX_REFILL_NANOS) {
            throw new IllegalArgumentException(
                    "a token bucket of %d, once %d, in %d ns".formatted(sizeTokens, oneTimeBurstTokens, refillNanos));
        }
        this.sizeTokens = sizeTokens;
        this.burstTokens = oneTimeBurstTokens;
        this.refillNanos = refillNanos;
        this.nanosPerToken = (double) refillNanos / sizeTokens;
        this.clock = clock;
        this.fullAtNanos = clock.nanoTime();
    }

    /** How long until {@link #take} of so many tokens is due, in nanoseconds; 0 if it is. */
    public long nanosUntil(long tokens) {
        long wanted = Math.min(Math.max(tokens - burstTokens, 0), sizeTokens);
        // A cost is rounded up; a full bucket is enough for all it holds.
        return Math.max(0, missingNanos() + Math.min(cost(wanted), refillNanos) - refillNanos);
    }

    /** Takes tokens, whether or not there are enough. */
    public void take(long tokens) {
        long fromBurst = Math.min(tokens, burstTokens);
        burstTokens -= fromBurst;
        fullAtNanos = clock.nanoTime() + Math.min(missingNanos() + cost(tokens - fromBurst), MAX_COST_NANOS);
    }

    private long missingNanos() {
        return Math.max(0, fullAtNanos - clock.nanoTime());
    }

    private long cost(long tokens) {
        return (long) Math.min(Math.ceil(tokens * nanosPerToken), MAX_COST_NANOS);
    }
}
