package dev.lull.agent.mmds;

import java.nio.charset.StandardCharsets;

/** An answer. */
final class HttpResponse {
    static final String VERSION = "HTTP/1.1";
    static final String JSON = "application/json";
    static final String TEXT = "text/plain";

    private final int status;
    private final String contentType;
    private final byte[] body;

    /** Whole lines, each with its end. */
    private final String extraHeaders;

    private HttpResponse(int status, String contentType, byte[] body, String extraHeaders) {
        this.status = status;
        this.contentType = contentType;
        this.body = body;
        this.extraHeaders = extraHeaders;
    }

    /** Plain text. */
    static HttpResponse text(int status, String body) {
        return new HttpResponse(status, TEXT, body.getBytes(StandardCharsets.UTF_8), "");
    }

    /** JSON, a success. */
    static HttpResponse json(byte[] body) {
        return new HttpResponse(200, JSON, body, "");
    }

    HttpResponse withHeader(String name, String value) {
        return new HttpResponse(status, contentType, body, extraHeaders + name + ": " + value + "\r\n");
    }

    /**
     * The answer as it is sent.
     *
     * @param version that of the request
     */
    byte[] bytes(String version, boolean keepsConnection) {
        String head = "%s %d %s\r\nServer: Lull\r\nConnection: %s\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
                .formatted(
                        version,
                        status,
                        phrase(),
                        keepsConnection ? "keep-alive" : "close",
                        extraHeaders,
                        contentType,
                        body.length);
        byte[] start = head.getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = new byte[start.length + body.length];
        System.arraycopy(start, 0, bytes, 0, start.length);
        System.arraycopy(body, 0, bytes, start.length, body.length);
        return bytes;
    }

    private String phrase() {
        return switch (status) {
            case 200 -> "OK";
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 501 -> "Not Implemented";
            default -> throw new IllegalStateException("no phrase for " + status);
        };
    }
}
