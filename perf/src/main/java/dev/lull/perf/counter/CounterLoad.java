package dev.lull.perf.counter;

/** What a guest does in a round. */
enum CounterLoad {
    /** Reads its counter, 1000 times a value. */
    READ("read", CounterMetric.READ, 0, 100),

    /** Sleeps for a millisecond. */
    SLEEP_1_MS("sleep-1ms", CounterMetric.LATE, 1, 300),

    /** Sleeps for ten. */
    SLEEP_10_MS("sleep-10ms", CounterMetric.LATE, 10, 100),

    /** Sleeps for a second. */
    SLEEP_1_S("sleep-1s", CounterMetric.LATE, 1000, 5);

    private final String label;
    private final CounterMetric metric;
    private final int millis;
    private final int times;

    CounterLoad(String label, CounterMetric metric, int millis, int times) {
        this.label = label;
        this.metric = metric;
        this.millis = millis;
        this.times = times;
    }

    /** Its name in the results. */
    String label() {
        return label;
    }

    CounterMetric metric() {
        return metric;
    }

    /** Whether {@code subject} can do it. */
    boolean suits(CounterSubject subject) {
        return this == READ || subject.isClock();
    }

    /** For the guest's shell. */
    String command(CounterSubject subject) {
        return this == READ ? subject.reads(times) : "clock late " + millis + " " + times;
    }
}
