package dev.lull.perf.report;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options every scenario has, for picocli's {@code @Mixin}. {@code perf/scenario.sh} handles the clock and the lab. */
public final class ReportOptions {
    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write the measurements as an array of JSON objects to FILE.")
    private @Nullable Path json;

    @Option(names = "--hlog", paramLabel = "DIR", description = "Write HdrHistogram logs, an interval a round, to DIR.")
    private @Nullable Path hlog;

    @Option(names = "--html", paramLabel = "FILE", description = "Write one self-contained page with plots to FILE.")
    private @Nullable Path html;

    @Option(
            names = "--clock",
            paramLabel = "CLOCK",
            defaultValue = "real",
            description =
                    "real: time as it passes, on this host's own KVM (default). instructions: in the lab, where an"
                            + " instruction takes 4 ns.")
    private String clock = "real";

    @Option(names = "--lab", description = "Measure in the lab, on the real clock too.")
    private boolean lab;

    @Option(names = "--check", description = "Exit with 1 if a goal is missed.")
    private boolean check;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it.
    private boolean help;

    /** Where to write JSON; null if not asked for. */
    public @Nullable Path json() {
        return json;
    }

    /** The directory for HdrHistogram logs; null if not asked for. */
    public @Nullable Path hlog() {
        return hlog;
    }

    /** Where to write the page; null if not asked for. */
    public @Nullable Path html() {
        return html;
    }

    /** Whether a missed goal is a failure. */
    public boolean check() {
        return check;
    }

    /** {@code real} or {@code instructions}. */
    public String clock() {
        return clock;
    }

    /** Whether the clock counts instructions. */
    public boolean instructionClock() {
        return clock.equals("instructions");
    }

    /** Whether to start the lab and measure there. */
    public boolean lab() {
        return lab;
    }

    /** For a scenario that starts the lab itself: whether it does, whatever was asked. */
    public void setLab(boolean lab) {
        this.lab = lab;
    }

    /** Where and by which clock this runs, in words. */
    public String place() {
        boolean inLab = lab || "1".equals(System.getenv("LULL_LAB"));
        return instructionClock()
                ? "in the lab, on the instruction clock"
                : inLab ? "in the lab, on the real clock" : "on this host, on the real clock";
    }
}
