package dev.lull.perf.boot;

import dev.lull.perf.worker.RoundSink;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Gathers runs into rounds, and passes a round on once all its subjects have finished: others do not count. */
final class RoundCollector implements RoundSink {
    private final Set<String> subjects;
    private final Consumer<List<RunLine>> completeRounds;
    private final int rounds;
    private final PrintStream progress;
    private final Map<String, RunLine> current = new LinkedHashMap<>();
    private int complete;

    /**
     * @param rounds how many there will be
     * @param progress gets a line for each run
     */
    RoundCollector(List<String> subjects, Consumer<List<RunLine>> completeRounds, int rounds, PrintStream progress) {
        this.subjects = Set.copyOf(subjects);
        this.completeRounds = completeRounds;
        this.rounds = rounds;
        this.progress = progress;
    }

    @Override
    public void accept(String line) {
        RunLine.parse(line).ifPresent(run -> {
            show(run);
            accept(run);
        });
    }

    /** Takes the next run; the warm-up's are dropped. */
    private void accept(RunLine run) {
        if (run.round() != complete + 1 || !subjects.contains(run.subject())) {
            return;
        }
        current.put(run.subject(), run);
        if (current.size() == subjects.size()) {
            complete++;
            completeRounds.accept(List.copyOf(current.values()));
            current.clear();
        }
    }

    @Override
    public void abandonRound() {
        current.clear();
    }

    @Override
    public int complete() {
        return complete;
    }

    private void show(RunLine run) {
        StringBuilder line = new StringBuilder("boot: ");
        line.append(run.round() == 0 ? "warm-up" : "round %d/%d".formatted(run.round(), rounds));
        line.append(' ').append(run.subject());
        run.nanos()
                .forEach((metric, nanos) -> line.append(String.format(Locale.ROOT, " %s %.3f s", metric, nanos / 1e9)));
        progress.println(line);
    }
}
