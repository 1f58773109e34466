package dev.lull.linux;

import java.io.Serial;

/** A TAP device that cannot be used as asked; the message says why and what would help. */
public final class TapException extends LinuxException {
    @Serial
    private static final long serialVersionUID = 1L;

    TapException(String operation, String tap, int errno, String message) {
        super(operation, tap, errno, "tap " + tap + ": " + message);
    }
}
