package dev.lull.agent.client;

import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonObject;
import java.util.Objects;

/**
 * Something that happened to a virtual machine.
 *
 * @param at as ISO 8601
 * @param vm its id; empty if it concerns none
 * @param type such as {@code started}
 * @param message more about it; may be empty
 * @param json all the service said, as one line of JSON
 */
public record HostEvent(String at, String vm, String type, String message, String json) {
    static HostEvent of(String json) {
        JsonObject event = JsonObject.of(Json.parse(json));
        return new HostEvent(
                event.string("at"),
                Objects.requireNonNullElse(event.optionalString("vm"), ""),
                event.string("type"),
                Objects.requireNonNullElse(event.optionalString("message"), ""),
                json);
    }
}
