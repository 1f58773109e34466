package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The device of random numbers. */
public record Entropy(@Nullable RateLimiterBody rateLimiter) {
    static Entropy of(JsonObject body) {
        Entropy entropy = new Entropy(RateLimiterBody.of(body.optionalObject("rate_limiter")));
        body.end();
        return entropy;
    }

    Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .withNullable("rate_limiter", RateLimiterBody.json(rateLimiter))
                .toMap();
    }
}
