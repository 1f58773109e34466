package dev.lull.perf.boot;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Has workers measure until all rounds are complete. On the instruction clock the lab at times stands still for good (see
 * {@code perf/lab/README.md}), and then so does every clock in it: a worker that is silent too long is ended from outside,
 * and the next one measures the rounds that are not complete.
 */
final class BootRounds {
    /** In a row, without a complete round between. */
    static final int MOST_REPEATS = 3;

    private static final Duration LAB_START = Duration.ofSeconds(60);

    private final Function<BootWorker, List<String>> command;
    private final BootWorker work;
    private final PrintStream progress;

    /**
     * @param repeats how often a worker was started anew
     * @param complete whether all rounds are
     */
    record Outcome(int repeats, boolean complete) {}

    /**
     * @param command what to start for some work
     * @param progress gets a line for each run
     */
    BootRounds(Function<BootWorker, List<String>> command, BootWorker work, PrintStream progress) {
        this.command = command;
        this.work = work;
        this.progress = progress;
    }

    /** Measures, and gives every run to {@code rounds}. */
    Outcome run(RoundCollector rounds) throws IOException, InterruptedException {
        int repeats = 0;
        int inVain = 0;
        while (true) {
            int before = rounds.complete();
            int status = runWorker(rounds, before + 1);
            if (rounds.complete() == work.lastRound()) {
                return new Outcome(repeats, true);
            }
            if (status != BootWorker.TIMED_OUT) {
                progress.printf("boot: the lab ended with status %d%n", status);
                return new Outcome(repeats, false);
            }
            inVain = rounds.complete() > before ? 0 : inVain;
            if (inVain == MOST_REPEATS) {
                return new Outcome(repeats, false);
            }
            inVain++;
            repeats++;
            rounds.abandonRound();
            progress.printf(
                    "boot: it stood still; %d of %d rounds are complete; starting anew (%d of at most %d in a row)%n",
                    rounds.complete(), work.lastRound(), inVain, MOST_REPEATS);
        }
    }

    private int runWorker(RoundCollector rounds, int firstRound) throws IOException, InterruptedException {
        BootWorker rest = new BootWorker(
                work.kernel(), work.initrd(), firstRound, work.lastRound(), work.limit(), work.subjects());
        ProcessBuilder builder = new ProcessBuilder(command.apply(rest))
                .redirectInput(new File("/dev/null"))
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        try (Child worker = new Child(builder, work.limit().plus(LAB_START));
                BufferedReader lines =
                        new BufferedReader(new InputStreamReader(worker.output(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                worker.postpone();
                Optional<RunLine> run = RunLine.parse(line);
                run.ifPresent(this::show);
                run.ifPresent(rounds::accept);
            }
            int status = worker.await();
            return worker.expired() ? BootWorker.TIMED_OUT : status;
        }
    }

    private void show(RunLine run) {
        StringBuilder line = new StringBuilder("boot: ");
        line.append(run.round() == 0 ? "warm-up" : "round %d/%d".formatted(run.round(), work.lastRound()));
        line.append(' ').append(run.subject());
        run.nanos()
                .forEach((metric, nanos) -> line.append(String.format(Locale.ROOT, " %s %.3f s", metric, nanos / 1e9)));
        progress.println(line);
    }
}
