package dev.lull.agent.control.http;

/** The rest of an answer; from any thread. */
public interface EventStream {
    /** What may wait for a client to read it, in bytes. */
    int MAX_PENDING_BYTES = 256 << 10;

    /**
     * Sends a piece. A client that leaves {@link #MAX_PENDING_BYTES} unread is cut off.
     *
     * @param bytes not to be changed afterwards
     * @return false if this was not sent and nothing will be any more
     */
    boolean send(byte[] bytes);

    /** Ends the answer after what was sent; without effect if it has ended. */
    void close();

    /** Runs {@code task} on the event loop when the connection has ended, for whatever reason, or soon if it has. */
    void onClosed(Runnable task);
}
