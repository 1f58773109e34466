package dev.lull.agent.cli.host;

/**
 * One thing a host has, or lacks.
 *
 * @param key its stable name, {@code group.thing}
 * @param label its name for a person
 * @param state whether it is there
 * @param value what it is: a number or words
 * @param remedy the one command that mends it; empty where nothing is missing, or nothing mends it
 */
record Finding(String key, String label, State state, Object value, String remedy) {
    /** Whether a thing is there. */
    enum State {
        /** It is. */
        OK,
        /** It is not. */
        MISSING,
        /** It is merely so. */
        INFO;

        /** As tables and JSON have it. */
        String word() {
            return switch (this) {
                case OK -> "ok";
                case MISSING -> "missing";
                case INFO -> "info";
            };
        }
    }

    static Finding info(String key, String label, Object value) {
        return new Finding(key, label, State.INFO, value, "");
    }

    static Finding present(String key, String label, Object value) {
        return new Finding(key, label, State.OK, value, "");
    }

    static Finding missing(String key, String label, Object value, String remedy) {
        return new Finding(key, label, State.MISSING, value, remedy);
    }
}
