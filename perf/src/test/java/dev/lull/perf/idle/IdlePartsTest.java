package dev.lull.perf.idle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.perf.report.Report;
import dev.lull.perf.report.Scenario;
import dev.lull.perf.worker.SampleCollector;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the scenario of idle time is made of, without a guest. */
class IdlePartsTest {
    private static final long SECOND = 1_000_000_000;

    private final Report report = new Report("idle", "a test", IdleSubject.BASELINE.label());
    private final SampleCollector collector = new SampleCollector(
            report, "idle", IdleMetric::unit, new PrintStream(OutputStream.nullOutputStream(), true));
    private int round;
    private int idlePermille = 800;

    @Test
    void goalsAreMetWhereLullGoesUnnoticedAndTheControlDoesNot() {
        measure(100_000, 104_000, 170_000, 700);
        IdleGoals goals = goals();
        assertThat(goals.lines())
                .hasSize(9)
                .contains(
                        "serve-30: lull has 1.040 times baseline's p99.9 latency (goal: at most 1.05)",
                        "serve-30: lull has 0.875 times the work that baseline's idle time allows (goal: at least 0.80)",
                        "control has up to 1.701 times baseline's p99.9 latency (goal: at least 1.50)");
        assertThat(goals.met()).isTrue();
    }

    @Test
    void eachGoalCanBeMissed() {
        measure(100_000, 106_000, 170_000, 700);
        assertThat(goals().lines()).anyMatch(line -> line.contains("lull has 1.060") && line.contains("missed"));
        assertThat(goals().met()).isFalse();
    }

    @Test
    void idleTimeThatIsNotUsedIsAMiss() {
        measure(100_000, 100_000, 170_000, 600);
        assertThat(goals().lines()).anyMatch(line -> line.contains("lull has 0.750") && line.contains("missed"));
        assertThat(goals().met()).isFalse();
    }

    @Test
    void aControlThatGoesUnnoticedIsAMiss() {
        measure(100_000, 100_000, 140_000, 700);
        assertThat(goals().lines())
                .anyMatch(line -> line.contains("control has up to 1.400") && line.contains("missed"));
        assertThat(goals().met()).isFalse();
    }

    @Test
    void workIsNotJudgedWhereThereIsNoTimeForIt() {
        idlePermille = 9;
        measure(100_000, 100_000, 170_000, 1);
        assertThat(goals().lines())
                .contains("serve-70: baseline leaves 0.9 % of the CPU, too little to tell how well it is used; "
                        + "lull does 0.111 of what it allows");
        assertThat(goals().met()).isTrue();
    }

    @Test
    void whatWasNotMeasuredMeetsNoGoal() {
        assertThat(goals().lines())
                .contains(
                        "periodic-1k: how many times baseline's p99.9 latency lull has was not measured",
                        "how many times baseline's p99.9 latency control has was not measured");
        assertThat(goals().met()).isFalse();
    }

    @Test
    void sharesAreOfTheTimeTheVcpuLeaves() {
        Interval began = new Interval(5 * SECOND, SECOND, SECOND / 2, 1 << 20);
        Interval ended = new Interval(7 * SECOND, 3 * SECOND / 2, 5 * SECOND / 4, 5 << 20);
        assertThat(began.until(ended).metrics(true))
                .isEqualTo(Map.of(IdleMetric.IDLE, 750L, IdleMetric.USED, 500L, IdleMetric.WORK, 2048L));
        assertThat(began.until(ended).metrics(false)).containsOnlyKeys(IdleMetric.IDLE);
    }

    @Test
    void workersTakeWhatTheyAreGiven() {
        IdleWorker worker =
                new IdleWorker(1, 3, 2, Duration.ofSeconds(9), List.of(IdleSubject.BASELINE, IdleSubject.SCHED_IDLE));
        assertThat(IdleWorker.parse(worker.arguments(2).toArray(String[]::new)))
                .isEqualTo(new IdleWorker(2, 3, 2, worker.limit(), worker.subjects()));
    }

    @Test
    void subjectsAreChosenByName() {
        assertThat(IdleSubject.choose(List.of())).containsExactly(IdleSubject.values());
        assertThat(IdleSubject.choose(List.of("control", "baseline")))
                .containsExactly(IdleSubject.BASELINE, IdleSubject.CONTROL);
        assertThatThrownBy(() -> IdleSubject.choose(List.of("kvmtool")))
                .isInstanceOf(Scenario.UsageException.class)
                .hasMessage("--only 'kvmtool' is no subject; there are baseline, lull, control, nice19, sched-idle");
    }

    @Test
    void loadsAreCommandsOfTheGuest() {
        assertThat(IdleLoad.AT_REST.command(3, 77)).isEqualTo("echo 'wake: started'; sleep 3; echo 'wake: finished'");
        assertThat(IdleLoad.PERIODIC_10K.command(3, 77)).isEqualTo("wake periodic 10000 3");
        assertThat(IdleLoad.SERVE_70.command(3, 77)).isEqualTo("wake serve 70 3 1000 77");
    }

    /** A round of all loads; 1000 KiB a second at rest. */
    private void measure(long baselineNanos, long lullNanos, long controlNanos, long lullWork) {
        round++;
        sample(IdleSubject.CONTROL, IdleLoad.AT_REST, IdleMetric.WORK, 1000);
        for (IdleLoad load : IdleLoad.values()) {
            if (load.hasLatency()) {
                sample(IdleSubject.BASELINE, load, IdleMetric.LATENCY, baselineNanos);
                sample(IdleSubject.BASELINE, load, IdleMetric.IDLE, idlePermille);
                sample(IdleSubject.LULL, load, IdleMetric.LATENCY, lullNanos);
                sample(IdleSubject.LULL, load, IdleMetric.WORK, lullWork);
                sample(IdleSubject.CONTROL, load, IdleMetric.LATENCY, controlNanos);
            }
        }
        collector.accept(SampleCollector.doneLine(round));
    }

    private void sample(IdleSubject subject, IdleLoad load, IdleMetric metric, long value) {
        collector.accept(
                "sample %d %s %s %s %d*1".formatted(round, subject.label(), load.label(), metric.label(), value));
    }

    private IdleGoals goals() {
        return IdleGoals.of(report.measurements());
    }
}
