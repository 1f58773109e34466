package dev.lull.agent.control.http;

import java.io.Serial;
import java.nio.file.Path;

/** A socket that cannot be listened on; the message is one line for the user: which, why, and what would help. */
public final class ListenException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    ListenException(Path socket, String problem) {
        super("socket " + socket + ": " + problem);
    }
}
