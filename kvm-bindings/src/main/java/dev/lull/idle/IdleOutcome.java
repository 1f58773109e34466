package dev.lull.idle;

/** Why a worker came back. */
public enum IdleOutcome {
    /** The task is done. */
    DONE,
    /** The task is to go on. */
    MORE,
    /** The task has to wait for something, or no rest came. */
    BLOCKED,
    /** Somebody asked the worker to. */
    REQUESTED;

    /** Of {@code LULL_STEP_*}. */
    static IdleOutcome ofStep(int outcome) {
        return switch (outcome) {
            case IdleLayout.Constants.LULL_STEP_DONE -> DONE;
            case IdleLayout.Constants.LULL_STEP_MORE -> MORE;
            case IdleLayout.Constants.LULL_STEP_BLOCKED -> BLOCKED;
            default -> throw new IllegalArgumentException("no step comes to " + outcome);
        };
    }
}
