package dev.lull.agent.mmds;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One request, as Firecracker's server reads it: no body, and whatever it has no use for is passed over.
 *
 * @param path the URI's absolute path; empty if the URI has none
 * @param acceptsJson whether JSON is to be the answer, rather than plain text
 * @param keepsConnection whether another request may follow
 */
record HttpRequest(
        String method,
        String path,
        String version,
        boolean acceptsJson,
        boolean keepsConnection,
        List<Header> headers) {
    /** A header that is none of the server's own; without the space around it. */
    record Header(String name, String value) {}

    private static final Set<String> METHODS = Set.of("GET", "PUT", "PATCH", "DELETE");
    private static final Set<String> VERSIONS = Set.of("HTTP/1.0", HttpResponse.VERSION);
    private static final String SCHEME = "http://";

    /** {@code GET / HTTP/1.1}. */
    private static final int SHORTEST_LINE = 14;

    private static final String MALFORMED = "Invalid request.";

    /** The length of the first request in the first {@code count} bytes of {@code buffer}: to its empty line; 0 without one. */
    static int lengthBytes(byte[] buffer, int count) {
        for (int i = 0; i + 1 < count; i++) {
            if (buffer[i] == '\n') {
                if (buffer[i + 1] == '\n') {
                    return i + 2;
                }
                if (i + 2 < count && buffer[i + 1] == '\r' && buffer[i + 2] == '\n') {
                    return i + 3;
                }
            }
        }
        return 0;
    }

    /**
     * Reads the request in the first {@code lengthBytes} bytes of {@code buffer}.
     *
     * @throws BadRequest with the answer, if it is none that can be understood
     */
    static HttpRequest parse(byte[] buffer, int lengthBytes) throws BadRequest {
        String text = text(buffer, lengthBytes);
        // Two line ends leave two empty pieces behind them.
        String[] lines = text.split("\r\n", -1);
        if (!text.endsWith("\r\n\r\n") || lines[0].length() < SHORTEST_LINE) {
            throw new BadRequest(400, MALFORMED);
        }
        String[] line = lines[0].split(" ", 3);
        if (line.length < 3) {
            throw new BadRequest(400, MALFORMED);
        }
        if (!METHODS.contains(line[0])) {
            throw new BadRequest(501, "Unsupported HTTP method.");
        }
        if (line[1].isEmpty()) {
            throw new BadRequest(400, "Empty URI not allowed.");
        }
        if (!VERSIONS.contains(line[2])) {
            throw new BadRequest(501, "Unsupported HTTP version.");
        }
        HeaderReader headers = new HeaderReader(line[2].equals(HttpResponse.VERSION));
        for (int i = 1; i < lines.length - 2; i++) {
            headers.read(lines[i]);
        }
        if (headers.hasBody) {
            throw new BadRequest(400, MALFORMED);
        }
        return new HttpRequest(
                line[0], path(line[1]), line[2], headers.acceptsJson, headers.keepsConnection, headers.others);
    }

    /** The last header of one of these names, whatever their case; null if there is none. */
    @Nullable
    Header header(Set<String> lowerCaseNames) {
        for (Header header : headers.reversed()) {
            if (lowerCaseNames.contains(header.name().toLowerCase(Locale.ROOT))) {
                return header;
            }
        }
        return null;
    }

    private static String text(byte[] buffer, int lengthBytes) throws BadRequest {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(buffer, 0, lengthBytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new BadRequest(400, MALFORMED);
        }
    }

    private static String path(String uri) {
        if (!uri.startsWith(SCHEME)) {
            return uri.startsWith("/") ? uri : "";
        }
        int slash = uri.indexOf('/', SCHEME.length());
        return slash < 0 ? "" : uri.substring(slash);
    }

    /** What the headers say, one after another. */
    private static final class HeaderReader {
        private final List<Header> others = new ArrayList<>();
        private boolean acceptsJson;
        private boolean keepsConnection;
        private boolean hasBody;

        private HeaderReader(boolean keepsConnection) {
            this.keepsConnection = keepsConnection;
        }

        private void read(String line) throws BadRequest {
            int colon = line.indexOf(':');
            if (colon < 0) {
                throw new BadRequest(400, "Header is incorrectly formatted. Key: " + line);
            }
            String name = line.substring(0, colon).strip();
            String value = line.substring(colon + 1).strip();
            switch (name.toLowerCase(Locale.ROOT)) {
                case "content-length" -> hasBody = readLength(name, value);
                case "transfer-encoding" -> hasBody |= value.equalsIgnoreCase("chunked");
                case "accept" -> {
                    if (value.equals(HttpResponse.JSON) || value.equals(HttpResponse.TEXT)) {
                        acceptsJson = value.equals(HttpResponse.JSON);
                    }
                }
                case "accept-encoding" -> refuseNoIdentity(value);
                case "connection" ->
                    keepsConnection = !value.equalsIgnoreCase("close")
                            && (keepsConnection || value.equalsIgnoreCase("keep-alive"));
                default -> others.add(new Header(name, value));
            }
        }

        private static boolean readLength(String name, String value) throws BadRequest {
            if (!value.matches("[0-9]{1,9}")) {
                throw new BadRequest(400, "Invalid value. Key:" + name + "; Value:" + value);
            }
            return Integer.parseInt(value) > 0;
        }

        /** All that is answered is as it is; whoever does not take that is told. */
        private static void refuseNoIdentity(String value) throws BadRequest {
            if (value.isEmpty()) {
                throw new BadRequest(400, MALFORMED);
            }
            for (String coding : value.split(",", -1)) {
                String trimmed = coding.strip();
                if (trimmed.equals("identity;q=0") || (trimmed.equals("*;q=0") && !value.contains("identity"))) {
                    throw new BadRequest(400, "Invalid value. Key:Accept-Encoding; Value:" + trimmed);
                }
            }
        }
    }
}
