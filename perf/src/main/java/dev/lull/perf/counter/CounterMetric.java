package dev.lull.perf.counter;

/** What is measured, as the results name it. */
enum CounterMetric {
    /** How long a read takes: means of 1000. */
    READ("read", "ps"),

    /** How much longer than asked for a sleep takes, by the guest's clock. */
    LATE("late", "ns");

    private final String label;
    private final String unit;

    CounterMetric(String label, String unit) {
        this.label = label;
        this.unit = unit;
    }

    String label() {
        return label;
    }

    /** The unit of the metric that is called {@code label}. */
    static String unit(String label) {
        for (CounterMetric one : values()) {
            if (one.label.equals(label)) {
                return one.unit;
            }
        }
        throw new IllegalArgumentException(label);
    }
}
