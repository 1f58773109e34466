package dev.lull.agent.machine;

import org.jspecify.annotations.Nullable;

/**
 * How a machine's life ended.
 *
 * @param kind which way
 * @param message one line for a person
 * @param details what else is known, several lines, for example a register dump; may be empty
 * @param cause the fault of Lull's own that was the reason, if it was one
 */
public record MachineEnd(
        Kind kind, String message, String details, @Nullable Throwable cause) {
    /** The ways. */
    public enum Kind {
        /** The guest turned itself off. */
        POWER_OFF,
        /** The guest reset itself, which ends this machine. */
        RESET,
        /** {@link Machine#stop} was called. */
        STOPPED,
        /** The guest cannot run any further. */
        FAILED
    }

    static MachineEnd of(Kind kind, String message) {
        return new MachineEnd(kind, message, "", null);
    }

    /** Whether the guest ended as guests should, or was stopped. */
    public boolean isOrderly() {
        return kind != Kind.FAILED;
    }
}
