package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The serial console.
 *
 * @param outPath a file or named pipe for what the guest writes
 * @param rateLimiter of bytes; what comes faster is dropped
 */
public record Serial(@Nullable Path outPath, @Nullable TokenBucketBody rateLimiter) {
    static Serial of(JsonObject body) {
        String path = body.optionalString("serial_out_path");
        Serial serial = new Serial(
                path == null ? null : Bodies.path(path), TokenBucketBody.of(body.optionalObject("rate_limiter")));
        body.end();
        return serial;
    }

    Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .withNullable("serial_out_path", outPath)
                .withNullable("rate_limiter", rateLimiter == null ? null : rateLimiter.toJson())
                .toMap();
    }
}
