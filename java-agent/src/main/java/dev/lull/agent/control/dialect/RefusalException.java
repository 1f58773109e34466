package dev.lull.agent.control.dialect;

import dev.lull.agent.control.log.SafeText;

/** A request is refused; the message says why, in one line, to whoever sent it. */
public final class RefusalException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final int BAD_REQUEST = 400;

    private final int status;

    /** Refuses with status 400. */
    public RefusalException(String message) {
        this(BAD_REQUEST, message);
    }

    /**
     * Refuses with some status.
     *
     * @param status of HTTP, 400 to 499
     * @param message may quote what was sent, of which what does not print is escaped
     */
    public RefusalException(int status, String message) {
        super(SafeText.of(message));
        this.status = status;
    }

    /** The status of HTTP. */
    public int status() {
        return status;
    }
}
