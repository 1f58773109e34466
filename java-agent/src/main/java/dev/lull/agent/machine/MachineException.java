package dev.lull.agent.machine;

import java.io.Serial;

/** A machine this host cannot make or run; its message is one line that names the thing and the remedy. */
public final class MachineException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** @param message one line for the user */
    public MachineException(String message) {
        super(message);
    }

    /** @param message one line for the user */
    public MachineException(String message, Throwable cause) {
        super(message, cause);
    }
}
