package dev.lull.agent.metrics;

/** Times as tables show them. */
public final class Micros {
    private static final int NANOS_PER_TENTH = 100;

    private Micros() {}

    /** {@code nanos} in microseconds with one decimal. */
    public static String text(long nanos) {
        return tenths(nanos, NANOS_PER_TENTH);
    }

    /** {@code nanos} in a unit of ten times {@code nanosPerTenth}, with one decimal. */
    static String tenths(long nanos, int nanosPerTenth) {
        long tenths = (nanos + nanosPerTenth / 2) / nanosPerTenth;
        return Long.toString(tenths / 10).concat(".").concat(Long.toString(tenths % 10));
    }
}
