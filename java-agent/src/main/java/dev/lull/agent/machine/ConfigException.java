package dev.lull.agent.machine;

import java.io.Serial;

/** A configuration that asks for what cannot be; its message is one line that names the thing and the remedy. */
public final class ConfigException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** @param message one line for the user */
    public ConfigException(String message) {
        super(message);
    }
}
