package dev.lull.agent.boot;

import java.io.Serial;

/**
 * A kernel, initrd or command line that cannot be booted. Its message is one line for the user: which file, what is
 * wrong with it, what would be right.
 */
public final class KernelException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    KernelException(String message) {
        super(message);
    }

    KernelException(String message, Throwable cause) {
        super(message, cause);
    }
}
