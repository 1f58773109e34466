package dev.lull.agent.client;

import java.io.Serial;

/** The host's service cannot be reached, or refused a request. The message is one line for a person, with the remedy if known. */
public final class HostException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * The service refused.
     *
     * @param status of HTTP
     */
    HostException(String message, int status) {
        super(message);
        this.status = status;
    }

    /** The service was not reached, or not understood. */
    HostException(String message, Throwable cause) {
        super(message, cause);
        this.status = 0;
    }

    /** The HTTP status of a refusal; 0 if there was no answer. */
    public int status() {
        return status;
    }
}
