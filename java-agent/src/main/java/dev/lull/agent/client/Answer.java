package dev.lull.agent.client;

import dev.lull.agent.json.JsonFormatException;
import dev.lull.agent.json.JsonObject;
import java.util.function.Function;

/** Reads what the service answered. */
final class Answer {
    private Answer() {}

    /** The object {@code json} as {@code reader} understands it. */
    static <T> T read(byte[] json, Function<JsonObject, T> reader) {
        try {
            return reader.apply(JsonObject.parse(json));
        } catch (JsonFormatException e) {
            throw new HostException(
                    "lulld answered what this lull does not understand (" + e.getMessage()
                            + "); are both of the same version?",
                    e);
        }
    }
}
