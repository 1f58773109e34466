package dev.lull.paravirt.clock;

import java.io.Serial;

/** There is no counter to read; the message is one line that says why, and what would help. */
public final class CounterException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    CounterException(String message) {
        super(message);
    }

    CounterException(String message, Throwable cause) {
        super(message, cause);
    }
}
