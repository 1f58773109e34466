package dev.lull.agent.control.dialect;

/** A request is refused; the message says why, to whoever sent it. */
public final class RefusalException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final int BAD_REQUEST = 400;

    private final int status;

    /** Refuses with status 400. */
    public RefusalException(String message) {
        this(BAD_REQUEST, message);
    }

    /** @param status of HTTP, 400 to 499 */
    public RefusalException(int status, String message) {
        super(message);
        this.status = status;
    }

    /** The status of HTTP. */
    public int status() {
        return status;
    }
}
