package dev.lull.perf.worker;

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
 * Has workers measure until all rounds are complete. On the instruction clock the lab at times stands still for good (see
 * {@code perf/lab/README.md}), and then so does every clock in it: a worker that is silent too long is ended from outside,
 * and the next one measures the rounds that are not complete.
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

    /**
     * @param repeats how often a worker was started anew
     * @param complete whether all rounds are
     */
    public record Outcome(int repeats, boolean complete) {}

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

    /** Measures, and gives every line to {@code sink}. */
    public Outcome run(RoundSink sink) throws IOException, InterruptedException {
        int repeats = 0;
        int inVain = 0;
        while (true) {
            int before = sink.complete();
            int status = runWorker(sink, before + 1);
            if (sink.complete() == rounds) {
                return new Outcome(repeats, true);
            }
            if (status != TIMED_OUT) {
                progress.printf("%s: the lab ended with status %d%n", scenario, status);
                return new Outcome(repeats, false);
            }
            inVain = sink.complete() > before ? 0 : inVain;
            if (inVain == MOST_REPEATS) {
                return new Outcome(repeats, false);
            }
            inVain++;
            repeats++;
            sink.abandonRound();
            progress.printf(
                    "%s: it stood still; %d of %d rounds are complete; starting anew (%d of at most %d in a row)%n",
                    scenario, sink.complete(), rounds, inVain, MOST_REPEATS);
        }
    }

    private int runWorker(RoundSink sink, int firstRound) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command.apply(firstRound))
                .redirectInput(new File("/dev/null"))
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        try (Child worker = new Child(builder, limit.plus(LAB_START));
                BufferedReader lines =
                        new BufferedReader(new InputStreamReader(worker.output(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                worker.postpone();
                sink.accept(line);
            }
            int status = worker.await();
            return worker.expired() ? TIMED_OUT : status;
        }
    }
}
