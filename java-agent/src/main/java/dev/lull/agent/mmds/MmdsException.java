package dev.lull.agent.mmds;

import java.io.Serial;

/** The metadata store cannot do what was asked; its message is one line, as Firecracker words it. */
public final class MmdsException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** What is wrong, and the HTTP status an API answers with. */
    public enum Reason {
        /** The store is to be changed but nothing was stored: 400. */
        NOT_INITIALIZED,

        /** The store would be larger than its limit: 413. */
        LIMIT_EXCEEDED
    }

    private final Reason reason;

    /** @param message one line for the user */
    public MmdsException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** What is wrong. */
    public Reason reason() {
        return reason;
    }
}
