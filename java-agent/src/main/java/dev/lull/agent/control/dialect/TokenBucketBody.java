package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How much of one kind a device may do.
 *
 * @param size tokens it holds when full; 0 sets no limit
 * @param oneTimeBurst tokens on top of that, once
 * @param refillTimeMillis how long it takes to fill; 0 sets no limit
 */
public record TokenBucketBody(long size, @Nullable Long oneTimeBurst, long refillTimeMillis) {
    static @Nullable TokenBucketBody of(@Nullable JsonObject body) {
        if (body == null) {
            return null;
        }
        // Firecracker passes over unknown fields here.
        return new TokenBucketBody(
                body.integer("size", 0, Long.MAX_VALUE),
                body.optionalInteger("one_time_burst", 0, Long.MAX_VALUE),
                body.integer("refill_time", 0, Long.MAX_VALUE));
    }

    /** Whether it limits anything. */
    public boolean limits() {
        return size > 0 && refillTimeMillis > 0;
    }

    Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .with("size", size)
                .withNullable("one_time_burst", oneTimeBurst)
                .with("refill_time", refillTimeMillis)
                .toMap();
    }
}
