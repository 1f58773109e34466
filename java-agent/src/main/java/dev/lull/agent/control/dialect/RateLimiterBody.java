package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How much a device may do; what is null is not limited, or in an update not changed.
 *
 * @param bandwidth in bytes
 * @param operations in requests
 */
public record RateLimiterBody(
        @Nullable TokenBucketBody bandwidth, @Nullable TokenBucketBody operations) {
    static @Nullable RateLimiterBody of(@Nullable JsonObject body) {
        if (body == null) {
            return null;
        }
        RateLimiterBody limiter = new RateLimiterBody(
                TokenBucketBody.of(body.optionalObject("bandwidth")), TokenBucketBody.of(body.optionalObject("ops")));
        body.end();
        return limiter;
    }

    /** This with what {@code update} changes; null if it limits nothing any more. */
    public static @Nullable RateLimiterBody updated(@Nullable RateLimiterBody old, @Nullable RateLimiterBody update) {
        if (update == null) {
            return old;
        }
        TokenBucketBody bandwidth = updated(old == null ? null : old.bandwidth, update.bandwidth);
        TokenBucketBody operations = updated(old == null ? null : old.operations, update.operations);
        return bandwidth == null && operations == null ? null : new RateLimiterBody(bandwidth, operations);
    }

    static @Nullable Map<String, @Nullable Object> json(@Nullable RateLimiterBody limiter) {
        return limiter == null ? null : limiter.toJson();
    }

    private static @Nullable TokenBucketBody updated(@Nullable TokenBucketBody old, @Nullable TokenBucketBody update) {
        if (update == null) {
            return old;
        }
        return update.limits() ? update : null;
    }

    private Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .withNullable("bandwidth", bandwidth == null ? null : bandwidth.toJson())
                .withNullable("ops", operations == null ? null : operations.toJson())
                .toMap();
    }
}
