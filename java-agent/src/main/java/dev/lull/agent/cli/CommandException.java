package dev.lull.agent.cli;

import java.io.Serial;

/** A command that cannot do its work; its message is one line that names the thing and the remedy. */
public final class CommandException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** @param message one line for the user */
    public CommandException(String message) {
        super(message);
    }
}
