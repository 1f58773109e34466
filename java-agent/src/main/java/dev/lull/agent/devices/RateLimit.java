package dev.lull.agent.devices;

import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.TokenBucket;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * How much a device may do in a second; 0 sets no limit. What is saved up is a second's worth at the most.
 *
 * @param bytesPerSecond data of all requests
 * @param operationsPerSecond requests
 * @param burstBytes what it may move on top of that, once
 */
public record RateLimit(long bytesPerSecond, long operationsPerSecond, long burstBytes) {
    /** No limit. */
    public static final RateLimit NONE = new RateLimit(0, 0, 0);

    /** Refuses negative numbers. */
    public RateLimit {
        if (bytesPerSecond < 0 || operationsPerSecond < 0 || burstBytes < 0) {
            throw new IllegalArgumentException("a rate is not negative");
        }
    }

    /** A new limiter. */
    RateLimiter limiter(String device) {
        return new RateLimiter(device, bucket(bytesPerSecond, burstBytes), bucket(operationsPerSecond, 0));
    }

    private static @Nullable TokenBucket bucket(long perSecond, long burst) {
        return perSecond == 0
                ? null
                : new TokenBucket(perSecond, burst, TimeUnit.SECONDS.toNanos(1), SystemNanoClock.INSTANCE);
    }
}
