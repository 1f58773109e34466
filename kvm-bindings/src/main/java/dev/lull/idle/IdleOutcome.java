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
    REQUESTED
}
