package dev.lull.agent.devices;

import dev.lull.agent.machine.ConfigException;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.TokenBucket;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * How much a device may do, by two token buckets: a request waits until both hold enough for it.
 *
 * @param bandwidth a token a byte of data, of all requests
 * @param operations a token a request
 */
public record RateLimit(Bucket bandwidth, Bucket operations) {
    /** No limit. */
    public static final RateLimit NONE = new RateLimit(Bucket.NONE, Bucket.NONE);

    /**
     * A token bucket, full at first and refilled evenly. With a size or a time of 0 it is no limit.
     *
     * @param size the most tokens it holds
     * @param oneTimeBurst tokens on top of that, which are not refilled
     * @param refillMillis how long it takes from empty to full, at most {@link #MAX_REFILL_MILLIS}
     */
    public record Bucket(long size, long oneTimeBurst, long refillMillis) {
        /** The longest time to refill, some 9 years. */
        public static final long MAX_REFILL_MILLIS = TimeUnit.NANOSECONDS.toMillis(TokenBucket.MAX_REFILL_NANOS);

        /** No limit. */
        public static final Bucket NONE = new Bucket(0, 0, 0);

        /** Refuses what no bucket has. */
        public Bucket {
            if (size < 0 || oneTimeBurst < 0 || refillMillis < 0 || refillMillis > MAX_REFILL_MILLIS) {
                throw new ConfigException(
                        "a rate limit of %d, once %d, in %d ms; none is negative, and the time is at most %d ms"
                                .formatted(size, oneTimeBurst, refillMillis, MAX_REFILL_MILLIS));
            }
        }

        /** Whether it sets no limit. */
        public boolean isUnlimited() {
            return size == 0 || refillMillis == 0;
        }

        private @Nullable TokenBucket fill() {
            return isUnlimited()
                    ? null
                    : new TokenBucket(
                            size, oneTimeBurst, TimeUnit.MILLISECONDS.toNanos(refillMillis), SystemNanoClock.INSTANCE);
        }
    }

    /**
     * A change of a limit.
     *
     * @param bandwidth in place of the bucket there was, which is full then; null leaves it as it is
     * @param operations likewise
     */
    public record Change(
            @Nullable Bucket bandwidth, @Nullable Bucket operations) {
        /** Changes the limit of a device; from any thread. */
        public void applyTo(RateLimiter limiter) {
            if (bandwidth != null) {
                limiter.limitBytes(bandwidth.fill());
            }
            if (operations != null) {
                limiter.limitOperations(operations.fill());
            }
        }

        /** What {@code limit} is after it. */
        public RateLimit applyTo(RateLimit limit) {
            return new RateLimit(
                    bandwidth == null ? limit.bandwidth : bandwidth,
                    operations == null ? limit.operations : operations);
        }
    }

    /**
     * A limit a second; 0 sets none. What is saved up is a second's worth at the most.
     *
     * @param bytes data of all requests
     * @param operations requests
     * @param burstBytes what may be moved on top of that, once
     */
    public static RateLimit perSecond(long bytes, long operations, long burstBytes) {
        long second = TimeUnit.SECONDS.toMillis(1);
        return new RateLimit(new Bucket(bytes, burstBytes, second), new Bucket(operations, 0, second));
    }

    /** A new limiter. */
    RateLimiter limiter(String device) {
        return new RateLimiter(device, bandwidth.fill(), operations.fill());
    }
}
