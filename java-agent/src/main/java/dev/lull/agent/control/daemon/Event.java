package dev.lull.agent.control.daemon;

import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonMembers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Something that became of a virtual machine.
 *
 * @param message for a person
 */
record Event(Instant at, String vm, Type type, @Nullable String message) {
    /** What became of it. */
    enum Type {
        CREATED,
        STARTED,
        PAUSED,
        RESUMED,
        ENDED,
        REMOVED,
        WARNING;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** As a server-sent event. */
    byte[] toStream() {
        String data = Json.text(new JsonMembers()
                .with("at", at)
                .with("vm", vm)
                .with("type", type.text())
                .with("message", message)
                .toMap());
        return ("event: " + type.text() + "\ndata: " + data + "\n\n").getBytes(StandardCharsets.UTF_8);
    }
}
