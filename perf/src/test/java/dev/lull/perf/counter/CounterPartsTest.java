package dev.lull.perf.counter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.perf.report.Report;
import dev.lull.perf.report.Scenario;
import dev.lull.perf.worker.Sample;
import dev.lull.perf.worker.SampleCollector;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What the scenario of a guest's counter is made of, without a guest. */
class CounterPartsTest {
    private final Report report = new Report("counter", "a test", CounterSubject.KVM.label());
    private final SampleCollector collector = new SampleCollector(
            report, "counter", CounterMetric::unit, new PrintStream(OutputStream.nullOutputStream(), true));

    @Test
    void goalsAreMetByAClockAsFastAndAsPunctual() {
        measure(25_100, 88_000);
        CounterGoals goals = CounterGoals.of(report.measurements());
        assertThat(goals.lines())
                .hasSize(7)
                .contains(
                        "read: Lull's p50 is 1.004 times KVM's (goal: at most 1.05)",
                        "sleep-1s: Lull's p99 is 1.099 times KVM's (goal: at most 1.10)");
        assertThat(goals.met()).isTrue();
    }

    @Test
    void eachGoalCanBeMissed() {
        measure(26_500, 80_000);
        assertThat(CounterGoals.of(report.measurements()).lines())
                .anyMatch(line -> line.startsWith("read: ") && line.contains("missed"));
        assertThat(CounterGoals.of(report.measurements()).met()).isFalse();
    }

    @Test
    void soCanThoseOfSleep() {
        measure(25_000, 90_000);
        assertThat(CounterGoals.of(report.measurements()).lines())
                .filteredOn(line -> line.contains("missed"))
                .hasSize(6);
    }

    @Test
    void whatWasNotMeasuredMeetsNoGoal() {
        CounterGoals goals = CounterGoals.of(report.measurements());
        assertThat(goals.lines()).contains("sleep-1ms: Lull's p99 beside KVM's was not measured");
        assertThat(goals.met()).isFalse();
    }

    @Test
    void onlyClocksAreSleptBy() {
        assertThat(CounterLoad.SLEEP_10_MS.suits(CounterSubject.LULL)).isTrue();
        assertThat(CounterLoad.SLEEP_10_MS.suits(CounterSubject.RDTSC)).isFalse();
        assertThat(CounterLoad.READ.suits(CounterSubject.RDTSC)).isTrue();
        assertThat(CounterLoad.SLEEP_10_MS.command(CounterSubject.LULL)).isEqualTo("clock late 10 100");
        assertThat(CounterLoad.READ.command(CounterSubject.RDTSC)).isEqualTo("clock reads ticks 100");
    }

    @Test
    void aWorkersArgumentsAreReadBack() {
        CounterWorker work = new CounterWorker(
                1, 7, Duration.ofSeconds(60), Path.of("java.img"), List.of(CounterSubject.TRAPPED, CounterSubject.KVM));
        CounterWorker parsed = CounterWorker.parse(work.arguments(3).toArray(String[]::new));
        // They are always in the same order.
        assertThat(parsed)
                .isEqualTo(new CounterWorker(
                        3,
                        7,
                        Duration.ofSeconds(60),
                        Path.of("java.img"),
                        List.of(CounterSubject.KVM, CounterSubject.TRAPPED)));
        assertThatThrownBy(() -> CounterSubject.choose(List.of("sundial")))
                .isInstanceOf(Scenario.UsageException.class)
                .hasMessageContaining("device-java");
    }

    private void measure(long lullPicos, long lullLateNanos) {
        for (CounterLoad load : CounterLoad.values()) {
            boolean read = load == CounterLoad.READ;
            sample(CounterSubject.KVM, load, read ? 25_000 : 80_100);
            sample(CounterSubject.LULL, load, read ? lullPicos : lullLateNanos);
        }
        collector.accept(SampleCollector.doneLine(1));
    }

    private void sample(CounterSubject subject, CounterLoad load, long value) {
        collector.accept(
                new Sample(1, subject.label(), load.label(), load.metric().label(), new TreeMap<>(Map.of(value, 100L)))
                        .toString());
    }
}
