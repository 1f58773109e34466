package dev.lull.idle;

/** Idle time cannot be used here; the message says why and what to do. */
public final class IdleUnavailable extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param message one line for a person */
    public IdleUnavailable(String message) {
        super(message);
    }
}
