package dev.lull.agent.control.http;

/**
 * How a request is answered: by exactly one of these methods, once, from any thread. A client that has gone meanwhile is no
 * error.
 */
public interface HttpExchange {
    /** @throws IllegalStateException if it is answered already */
    void respond(HttpResponse response);

    /**
     * Answers 200 with a body that comes piece by piece and has no end of its own, such as {@code text/event-stream}. The
     * connection ends with it.
     *
     * @throws IllegalStateException if it is answered already
     */
    EventStream stream(String contentType);
}
