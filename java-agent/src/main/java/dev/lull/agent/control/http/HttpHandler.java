package dev.lull.agent.control.http;

/** What a server's requests are for. */
@FunctionalInterface
public interface HttpHandler {
    /**
     * Answers a request, now or later. Called on the event loop, one request of a connection at a time: it must not wait for
     * anything. What it throws is logged, and answered with 500.
     */
    void handle(HttpRequest request, HttpExchange exchange);
}
