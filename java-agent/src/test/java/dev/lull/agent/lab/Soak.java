package dev.lull.agent.lab;

/** How long tests take: minutes, or with {@code -Dlull.soak=true} what the goals ask for. */
final class Soak {
    private static final boolean LONG = Boolean.getBoolean("lull.soak");

    private Soak() {}

    static <T> T of(T usual, T soak) {
        return LONG ? soak : usual;
    }
}
