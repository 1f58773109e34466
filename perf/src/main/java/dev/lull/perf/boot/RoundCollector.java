package dev.lull.perf.boot;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Gathers runs into rounds, and passes a round on once all its subjects have finished: others do not count. */
final class RoundCollector {
    private final Set<String> subjects;
    private final Consumer<List<RunLine>> completeRounds;
    private final Map<String, RunLine> current = new LinkedHashMap<>();
    private int complete;

    RoundCollector(List<String> subjects, Consumer<List<RunLine>> completeRounds) {
        this.subjects = Set.copyOf(subjects);
        this.completeRounds = completeRounds;
    }

    /** Takes the next run; the warm-up's are dropped. */
    void accept(RunLine run) {
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

    /** Forgets a round that was begun: it will be repeated as a whole. */
    void abandonRound() {
        current.clear();
    }

    /** Rounds passed on. */
    int complete() {
        return complete;
    }
}
