package dev.lull.agent.control.http;

import java.time.Duration;

/**
 * What a server's clients may ask for.
 *
 * @param maxBodyBytes of a request
 * @param maxConnections at once; the next one is answered 503
 * @param requestTimeout between a request's first byte and its last, and for an answer to be read
 * @param idleTimeout without a request
 */
public record HttpLimits(int maxBodyBytes, int maxConnections, Duration requestTimeout, Duration idleTimeout) {
    /** The longest request line, in bytes. */
    static final int MAX_REQUEST_LINE_BYTES = 4096;

    /** The most that all headers of a request may be together, in bytes. */
    static final int MAX_HEADER_BYTES = 8192;

    private static final int FIRECRACKER_BODY_BYTES = 51_200;
    private static final int FIRECRACKER_CONNECTIONS = 10;
    private static final int HOST_BODY_BYTES = 1 << 20;
    private static final int HOST_CONNECTIONS = 128;
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(5);

    /** Of a virtual machine's socket: Firecracker's. */
    public static HttpLimits ofMachine() {
        return new HttpLimits(FIRECRACKER_BODY_BYTES, FIRECRACKER_CONNECTIONS, REQUEST_TIMEOUT, IDLE_TIMEOUT);
    }

    /** Of the host's socket. */
    public static HttpLimits ofHost() {
        return new HttpLimits(HOST_BODY_BYTES, HOST_CONNECTIONS, REQUEST_TIMEOUT, IDLE_TIMEOUT);
    }
}
