package dev.lull.agent.control.http;

import dev.lull.agent.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * An answer.
 *
 * @param status of HTTP, 200 to 599
 * @param contentType empty if there is no body
 * @param body not to be changed afterwards
 * @param headers besides those the server sets: {@code Server}, {@code Connection}, {@code Content-Length},
 *     {@code Content-Type}
 */
@SuppressWarnings("ArrayRecordComponent")
public record HttpResponse(int status, String contentType, byte[] body, Map<String, String> headers) {
    private static final String JSON = "application/json";
    private static final int NO_CONTENT = 204;

    /** 204, without a body. */
    public static HttpResponse noContent() {
        return new HttpResponse(NO_CONTENT, "", new byte[0], Map.of());
    }

    /** A body of JSON. */
    public static HttpResponse json(int status, String json) {
        return new HttpResponse(status, JSON, json.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    /** A body of text. */
    public static HttpResponse text(int status, String text) {
        return new HttpResponse(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    /** {@code {"fault_message": …}}, as Firecracker refuses a request. */
    public static HttpResponse fault(int status, String message) {
        return new HttpResponse(status, JSON, Json.bytes(Map.of("fault_message", message)), Map.of());
    }

    /** {@code {"error": …}}, as Firecracker's server refuses what is none. */
    static HttpResponse error(int status, String message) {
        return new HttpResponse(status, JSON, Json.bytes(Map.of("error", message)), Map.of());
    }
}
