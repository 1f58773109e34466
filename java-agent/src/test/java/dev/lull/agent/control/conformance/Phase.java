package dev.lull.agent.control.conformance;

import java.util.Locale;

/** Where a machine is in its life. */
public enum Phase {
    NOT_STARTED,
    RUNNING,
    PAUSED,
    /** The guest has turned itself off. */
    ENDED;

    /** The state the API tells. */
    String state() {
        return switch (this) {
            case NOT_STARTED, ENDED -> "Not started";
            case RUNNING -> "Running";
            case PAUSED -> "Paused";
        };
    }

    /** As documents and resources have it, {@code not started}. */
    String title() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
