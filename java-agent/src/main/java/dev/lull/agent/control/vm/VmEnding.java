package dev.lull.agent.control.vm;

import dev.lull.agent.json.JsonMembers;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How and when a virtual machine ended.
 *
 * @param kind of {@code MachineEnd.Kind}, or {@link #LOST}
 * @param message one line for a person
 */
public record VmEnding(String kind, String message, Instant at) {
    /** The process it ran in was killed. */
    public static final String LOST = "LOST";

    /** As JSON. */
    public Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .with("kind", kind)
                .with("message", message)
                .with("at", at)
                .toMap();
    }

    /** What {@link #toJson} wrote; null if it is none. */
    public static @Nullable VmEnding of(@Nullable Object json) {
        if (json instanceof Map<?, ?> members
                && members.get("kind") instanceof String kind
                && members.get("message") instanceof String message
                && members.get("at") instanceof String at) {
            try {
                return new VmEnding(kind, message, Instant.parse(at));
            } catch (DateTimeParseException e) {
                return null;
            }
        }
        return null;
    }
}
