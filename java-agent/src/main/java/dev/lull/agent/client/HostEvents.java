package dev.lull.agent.client;

import dev.lull.agent.json.JsonFormatException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What happens on a host, as it happens: server-sent events. Used by one thread; another may close it. */
public final class HostEvents implements AutoCloseable {
    private static final String DATA = "data:";

    private final Path socket;
    private final HttpExchange exchange;
    private final InputStream body;

    HostEvents(Path socket, HttpExchange exchange) throws IOException {
        this.socket = socket;
        this.exchange = exchange;
        this.body = exchange.body();
    }

    /**
     * Waits for the next event.
     *
     * @return null when the service has ended
     */
    public @Nullable HostEvent next() {
        StringBuilder data = new StringBuilder();
        try {
            while (true) {
                String line = HttpExchange.line(body);
                if (line.startsWith(DATA)) {
                    data.append(utf8(line.substring(DATA.length()).strip()));
                } else if (line.isEmpty() && !data.isEmpty()) {
                    return HostEvent.of(data.toString());
                }
            }
        } catch (EOFException e) {
            return null;
        } catch (IOException | JsonFormatException e) {
            throw new HostException("the events of lulld at " + socket + " cannot be read: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            exchange.close();
        } catch (IOException e) {
            // Closed is closed.
        }
    }

    private static String utf8(String latin1) {
        return new String(latin1.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
