package dev.lull.perf.idle;

/** What is measured, as the results name it. */
enum IdleMetric {
    /** How late the guest woke, or answered, by its own clock. */
    LATENCY("latency", "ns"),

    /** How often the guest was not done when the next was due. */
    LATE("late", "times"),

    /** How much of its CPU the vCPU left. */
    IDLE("idle", "permille"),

    /** How much of that the work took. */
    USED("used", "permille"),

    /** Guest memory worked through, by the second of time as it passes. */
    WORK("work", "KiB/s");

    private final String label;
    private final String unit;

    IdleMetric(String label, String unit) {
        this.label = label;
        this.unit = unit;
    }

    String label() {
        return label;
    }

    /** The unit of the metric that is called {@code label}. */
    static String unit(String label) {
        for (IdleMetric one : values()) {
            if (one.label.equals(label)) {
                return one.unit;
            }
        }
        throw new IllegalArgumentException(label);
    }
}
