package dev.lull.agent.client;

import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonFormatException;
import dev.lull.agent.json.JsonObject;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The host's service, {@code lulld}, over its Unix socket: a connection a request. Every method throws a {@link HostException}
 * when the service is not there, is silent for too long or refuses.
 */
public final class HostClient {
    /** Where the service listens unless told otherwise. */
    public static final Path DEFAULT_SOCKET = Path.of("/run/lull/lulld.sock");

    /** How long the service may think about a request; loading a kernel takes seconds at the most. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path socket;

    /** @param socket the service's */
    public HostClient(Path socket) {
        this.socket = socket;
    }

    /** The service's own socket. */
    public Path socket() {
        return socket;
    }

    /** The service about itself. */
    public HostInfo host() {
        return HostInfo.parse(get("/"));
    }

    /** All virtual machines, running or not. */
    public List<VmInfo> vms() {
        return VmInfo.parseAll(get("/vms"));
    }

    /** One virtual machine. */
    public VmInfo vm(String id) {
        return VmInfo.parse(get(vmPath(id)));
    }

    /** What happens from now on. */
    public HostEvents events() {
        try {
            HttpExchange exchange = HttpExchange.open(socket, "GET", "/events", null, 0);
            if (exchange.status() >= 400) {
                try (exchange) {
                    throw refusal(exchange.status(), exchange.body().readAllBytes());
                }
            }
            return new HostEvents(socket, exchange);
        } catch (IOException e) {
            throw Unreachable.because(e, socket);
        }
    }

    /** The path of a virtual machine, to which its own paths are appended. */
    public static String vmPath(String id) {
        return "/vms/" + encoded(id);
    }

    /** The path of one of a virtual machine's histograms. */
    public static String histogramPath(String id, String name) {
        return vmPath(id) + "/histograms/" + encoded(name);
    }

    /** The answer to a GET, JSON. */
    public byte[] get(String path) {
        return request("GET", path, null, PATIENCE);
    }

    /** The answer to a PUT, JSON or empty. */
    public byte[] put(String path, @Nullable Object json) {
        return put(path, json, Duration.ZERO);
    }

    /**
     * The answer to a PUT, JSON or empty.
     *
     * @param more how much longer than usual it may take
     */
    public byte[] put(String path, @Nullable Object json, Duration more) {
        return request("PUT", path, Json.bytes(json), PATIENCE.plus(more));
    }

    /** Has a PATCH done. */
    public void patch(String path, @Nullable Object json) {
        request("PATCH", path, Json.bytes(json), PATIENCE);
    }

    /**
     * Has a DELETE done.
     *
     * @param more how much longer than usual it may take
     */
    public void delete(String path, Duration more) {
        request("DELETE", path, null, PATIENCE.plus(more));
    }

    /** A segment of a path. */
    public static String encoded(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private byte[] request(String method, String target, byte @Nullable [] body, Duration patience) {
        try (HttpExchange exchange = HttpExchange.open(socket, method, target, body, patience.toMillis())) {
            byte[] answer = exchange.body().readAllBytes();
            if (exchange.status() >= 400) {
                throw refusal(exchange.status(), answer);
            }
            return answer;
        } catch (IOException e) {
            throw Unreachable.because(e, socket);
        }
    }

    /** What the service says is for people already. */
    private static HostException refusal(int status, byte[] answer) {
        String message = null;
        try {
            JsonObject json = JsonObject.parse(answer);
            message = json.optionalString("fault_message");
            if (message == null) {
                message = json.optionalString("error");
            }
        } catch (JsonFormatException e) {
            // Then the status must do.
        }
        return new HostException(message == null ? "lulld refused: HTTP status " + status : message, status);
    }
}
