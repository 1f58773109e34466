package dev.lull.agent.client;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/1.1 request over a Unix socket, and its answer (RFC 9112). By hand because the JDK's client knows no Unix sockets
 * and Netty's takes longer to start than a command may (docs/design.md, Starting the JVM). One request a connection: nothing
 * follows the answer's body.
 */
final class HttpExchange implements AutoCloseable {
    private static final int MAX_LINE_BYTES = 64 << 10;
    private static final int MAX_HEADERS = 100;
    private static final int FIRST_FINAL_STATUS = 200;
    private static final int NO_CONTENT = 204;

    private final UnixConnection connection;
    private final Map<String, String> headers = new HashMap<>();
    private int status;

    private HttpExchange(UnixConnection connection) {
        this.connection = connection;
    }

    /**
     * Sends a request and reads the answer's head.
     *
     * @param target path and query, percent-encoded
     * @param body JSON; null for none
     * @param patienceMillis how long the other side may be silent, 0 for ever
     */
    static HttpExchange open(Path socket, String method, String target, byte @Nullable [] body, long patienceMillis)
            throws IOException {
        HttpExchange exchange = new HttpExchange(UnixConnection.open(socket, patienceMillis));
        try {
            exchange.send(method, target, body);
            return exchange;
        } catch (IOException e) {
            exchange.close();
            throw e;
        }
    }

    int status() {
        return status;
    }

    /** The answer's body; it ends before the connection does. */
    InputStream body() throws IOException {
        if ("chunked".equalsIgnoreCase(headers.get("transfer-encoding"))) {
            return new HttpBody(connection, true, 0);
        }
        String length = headers.get("content-length");
        if (length == null) {
            return status == NO_CONTENT ? InputStream.nullInputStream() : connection;
        }
        if (!length.matches("[0-9]{1,18}")) {
            throw new ProtocolException("a body of '" + length + "' bytes");
        }
        return new HttpBody(connection, false, Long.parseLong(length));
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }

    private void send(String method, String target, byte @Nullable [] body) throws IOException {
        String head = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
        if (body != null) {
            head += "Content-Type: application/json\r\nContent-Length: " + body.length + "\r\n";
        }
        connection.write((head + "\r\n").getBytes(StandardCharsets.US_ASCII));
        if (body != null) {
            connection.write(body);
        }
        do {
            readHead();
        } while (status < FIRST_FINAL_STATUS);
    }

    private void readHead() throws IOException {
        String first = line(connection);
        String[] words = first.split(" ", 3);
        if (words.length < 2 || !words[0].startsWith("HTTP/1.") || !words[1].matches("[1-5][0-9]{2}")) {
            throw new ProtocolException("'" + first + "' is no answer of HTTP");
        }
        status = Integer.parseInt(words[1]);
        headers.clear();
        for (String header = line(connection); !header.isEmpty(); header = line(connection)) {
            int colon = header.indexOf(':');
            if (colon < 1 || headers.size() == MAX_HEADERS) {
                throw new ProtocolException("'" + header + "' is no header");
            }
            headers.put(
                    header.substring(0, colon).toLowerCase(Locale.ROOT),
                    header.substring(colon + 1).strip());
        }
    }

    /** The next line, without its end. */
    static String line(InputStream stream) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = stream.read(); next != '\n'; next = stream.read()) {
            if (next < 0) {
                throw new EOFException("the connection ended within an answer");
            }
            if (line.size() == MAX_LINE_BYTES) {
                throw new ProtocolException("a line of more than " + MAX_LINE_BYTES + " bytes");
            }
            line.write(next);
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }
}
