package dev.lull.agent.control.conformance;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A place in a JSON value (RFC 6901), without escapes. */
final class JsonPointer {
    private JsonPointer() {}

    /** What is at {@code pointer}; null if nothing is. */
    static @Nullable Object of(@Nullable Object value, String pointer) {
        Object found = value;
        for (String step : pointer.substring(1).split("/", -1)) {
            found = switch (found) {
                case Map<?, ?> members -> members.get(step);
                case List<?> elements
                when Integer.parseInt(step) < elements.size() -> elements.get(Integer.parseInt(step));
                case null, default -> null;
            };
        }
        return found;
    }
}
