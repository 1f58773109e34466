package dev.lull.perf.idle;

import dev.lull.agent.probe.WakeReport;

/** What the guest does: mostly runs of its probe, {@code native/guest/tool/wake.c}. */
enum IdleLoad {
    /** Nothing: how fast work goes that nobody disturbs. */
    AT_REST("at-rest", "echo '" + WakeReport.STARTED + "'; sleep %1$d; echo '" + WakeReport.FINISHED + "'"),

    /** Wakes up a thousand times a second. */
    PERIODIC_1K("periodic-1k", "wake periodic 1000 %1$d"),

    /** Wakes up ten thousand times a second. */
    PERIODIC_10K("periodic-10k", "wake periodic 10000 %1$d"),

    /** Answers requests that take 30 % of a CPU. */
    SERVE_30("serve-30", "wake serve 30 %1$d %2$d %3$d"),

    /** Answers requests that take 70 % of a CPU. */
    SERVE_70("serve-70", "wake serve 70 %1$d %2$d %3$d");

    /** Of work in each request. */
    private static final int REQUEST_MICROS = 1000;

    private final String label;
    private final String command;

    IdleLoad(String label, String command) {
        this.label = label;
        this.command = command;
    }

    /** Its name in the results. */
    String label() {
        return label;
    }

    /**
     * For the guest's shell.
     *
     * @param loopsPerMilli how fast the guest works, as its probe found
     */
    String command(int seconds, long loopsPerMilli) {
        return command.formatted(seconds, REQUEST_MICROS, loopsPerMilli);
    }

    /** Whether the guest measures. */
    boolean hasLatency() {
        return this != AT_REST;
    }
}
