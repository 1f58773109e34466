package dev.lull.perf.worker;

import dev.lull.perf.report.Report;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Has workers measure until all rounds are complete. The lab at times stands still for good (see {@code
 * perf/lab/README.md}), and then so does every clock in it: a worker that is silent too long is ended from outside, and the
 * next one measures the rounds that are not complete. So does the next one after a worker in which a subject failed, for in
 * labs whose CPUs run in parallel any program may, now and then; the report counts these, and what failed is shown.
 */
public final class Rounds {
    /** A worker's exit status when it took too long, as the lab's. */
    public static final int TIMED_OUT = 124;

    /** In a row, without a complete round between. */
    static final int MOST_REPEATS = 3;

    private static final Duration LAB_START = Duration.ofSeconds(60);

    private final String scenario;
    private final int rounds;
    private final Duration limit;
    private final IntFunction<List<String>> command;
    private final PrintStream progress;

    /** What the last worker has written. */
    private int lines;

    /**
     * @param standstills how often a worker was started anew as it was silent
     * @param failures how often, as a subject of it had failed
     * @param complete whether all rounds are
     */
    public record Outcome(int standstills, int failures, boolean complete) {
        /** How often a worker was started anew. */
        public int repeats() {
            return standstills + failures;
        }

        /** A line for the report. */
        public String note() {
            return "repeats: %d (%d stood still, %d failed); a round cut short does not count"
                    .formatted(repeats(), standstills, failures);
        }
    }

    /**
     * @param limit the longest time between two lines of a worker
     * @param command what to start for the rounds from one on
     * @param progress gets a line for each failure
     */
    public Rounds(
            String scenario, int rounds, Duration limit, IntFunction<List<String>> command, PrintStream progress) {
        this.scenario = scenario;
        this.rounds = rounds;
        this.limit = limit;
        this.command = command;
        this.progress = progress;
    }

    /**
     * Measures for a report, which says what was repeated and what is missing.
     *
     * @throws IOException if not one round is complete
     */
    public Outcome measure(RoundSink sink, Report report) throws IOException, InterruptedException {
        Outcome outcome = run(sink);
        if (sink.complete() == 0) {
            throw new IOException("no round was complete after " + outcome.repeats() + " repeats");
        }
        if (outcome.repeats() > 0) {
            report.note(outcome.note());
        }
        if (!outcome.complete()) {
            report.note("given up: %d of %d rounds are complete".formatted(sink.complete(), rounds));
        }
        return outcome;
    }

    /** Measures, and gives every line to {@code sink}. */
    public Outcome run(RoundSink sink) throws IOException, InterruptedException {
        int standstills = 0;
        int failures = 0;
        int inVain = 0;
        while (true) {
            int before = sink.complete();
            lines = 0;
            int status = runWorker(sink, before + 1);
            if (sink.complete() == rounds) {
                return new Outcome(standstills, failures, true);
            }
            boolean stoodStill = status == TIMED_OUT;
            if (!stoodStill) {
                progress.printf("%s: the lab ended with status %d%n", scenario, status);
            }
            inVain = sink.complete() > before ? 0 : inVain;
            if (inVain == MOST_REPEATS || (!stoodStill && lines == 0)) {
                return new Outcome(standstills, failures, false);
            }
            inVain++;
            standstills += stoodStill ? 1 : 0;
            failures += stoodStill ? 0 : 1;
            sink.abandonRound();
            progress.printf(
                    "%s: it %s; %d of %d rounds are complete; starting anew (%d of at most %d in a row)%n",
                    scenario, stoodStill ? "stood still" : "failed", sink.complete(), rounds, inVain, MOST_REPEATS);
        }
    }

    private int runWorker(RoundSink sink, int firstRound) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command.apply(firstRound))
                .redirectInput(new File("/dev/null"))
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        try (Child worker = new Child(builder, limit.plus(LAB_START));
                BufferedReader output =
                        new BufferedReader(new InputStreamReader(worker.output(), StandardCharsets.UTF_8))) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                lines++;
                worker.postpone();
                sink.accept(line);
            }
            int status = worker.await();
            return worker.expired() ? TIMED_OUT : status;
        }
    }
}
