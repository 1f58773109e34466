package dev.lull.perf.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import dev.lull.perf.report.Measurement;
import dev.lull.perf.report.Report;
import dev.lull.perf.report.Scenario;
import dev.lull.perf.worker.Sample;
import dev.lull.perf.worker.SampleCollector;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the scenarios of loaded guests are made of, without a guest. */
class LoadPartsTest {
    private static final Path SHELL = Path.of("/bin/sh");

    private final Report report = new Report("block", "a test", Monitor.QEMU);
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();
    private final SampleCollector collector =
            new SampleCollector(report, "block", Work::unit, new PrintStream(progress, true, StandardCharsets.UTF_8));

    @Test
    void aSampleComesThroughItsLine() {
        Sample sample = new Sample(2, "lull", "up-1", Work.LATENCY, new TreeMap<>(Map.of(9L, 1L, 10L, 44L)));
        assertThat(sample).hasToString("sample 2 lull up-1 latency 9*1,10*44");
        assertThat(Sample.parse(sample.toString())).contains(sample);
        assertThat(Sample.parse("sample 2 lull up-1 latency 9*")).isEmpty();
        assertThat(Sample.parse("started lull")).isEmpty();
    }

    @Test
    void resultsStandOnLinesOfTheirOwn() {
        assertThat(Work.results("fio: a warning\nrate=1402*1\nlatency=9*1,10*44\n"))
                .isEqualTo(Map.of(
                        Work.RATE,
                        new TreeMap<>(Map.of(1402L, 1L)),
                        Work.LATENCY,
                        new TreeMap<>(Map.of(9L, 1L, 10L, 44L))));
        assertThat(Work.results("rate=null*1\nno rate=5*1\nlatency=\n")).isEmpty();
    }

    @Test
    void onlyWholeRoundsCount() {
        accept("sample 0 lull w rate 1*1", "sample 1 lull w rate 30*1", "sample 1 qemu-q35 w rate 20*1", "done 1");
        accept("sample 2 lull w rate 7*1");
        collector.abandonRound();
        accept("sample 2 lull w rate 32*1", "sample 2 qemu-q35 w rate 22*1", "done 2");
        assertThat(collector.complete()).isEqualTo(2);
        assertThat(report.measurements())
                .extracting(Measurement::subject, Measurement::count, Measurement::min, Measurement::max)
                .containsExactly(tuple("lull", 2L, 30L, 32L), tuple("qemu-q35", 2L, 20L, 22L));
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("warm-up w lull: rate 1 1/s", "round 2 w lull: rate 7 1/s");
    }

    @Test
    void aGoalIsMetByTheMedianOfEachRow() {
        accept("sample 1 lull a rate 20*1", "sample 1 qemu-q35 a rate 20*1", "sample 1 lull a latency 5*1", "done 1");
        assertThat(LoadGoals.of(report).met()).isTrue();
        assertThat(LoadGoals.of(report).lines()).singleElement().asString().contains("a: lull has 1.000 times");
        accept("sample 2 lull b rate 19*1", "sample 2 qemu-q35 b rate 20*1", "done 2");
        assertThat(LoadGoals.of(report).met()).isFalse();
        assertThat(LoadGoals.of(report).lines().getLast()).contains("b: lull has 0.950", "missed");
    }

    @Test
    void withoutAPeerNoGoalIsMet() {
        assertThat(LoadGoals.of(report).met()).isFalse();
        accept("sample 1 lull a rate 20*1", "done 1");
        assertThat(LoadGoals.of(report).met()).isFalse();
    }

    @Test
    void workersTakeWhatTheyAreGiven() {
        LoadWorker worker = new LoadWorker(
                "net",
                1,
                3,
                Duration.ofSeconds(9),
                List.of(new Monitor("lull", SHELL), new Monitor("qemu-q35", SHELL)));
        assertThat(LoadWorker.parse(worker.arguments(2).toArray(String[]::new)))
                .isEqualTo(new LoadWorker("net", 2, 3, worker.limit(), worker.monitors()));
    }

    @Test
    void peersAreAddedAndAbsencesNamed(@TempDir Path directory) throws Exception {
        Path other = Files.createFile(directory.resolve("other"));
        assertThat(other.toFile().setExecutable(true)).isTrue();
        Monitors monitors = Monitors.choose(
                SHELL, Map.of("lull-old", other, "qemu-q35", other), false, List.of("lull", "lull-old"));
        assertThat(monitors.present()).containsExactly(new Monitor("lull", SHELL), new Monitor("lull-old", other));
        assertThat(monitors.absences()).containsExactly("qemu-q35 left out, as asked");
        assertThat(Monitors.choose(directory.resolve("none"), Map.of(), false, List.of("lull"))
                        .absences())
                .first()
                .asString()
                .contains("lull left out", "not installed");
        assertThatThrownBy(() -> Monitors.choose(SHELL, Map.of("kvmtool", other), false, List.of()))
                .isInstanceOf(Scenario.UsageException.class)
                .hasMessageContaining("must begin with");
        assertThatThrownBy(() -> Monitors.choose(SHELL, Map.of("qemu", directory.resolve("none")), false, List.of()))
                .isInstanceOf(Scenario.UsageException.class)
                .hasMessageContaining("is not a program");
        assertThatThrownBy(() -> Monitors.choose(SHELL, Map.of(), false, List.of("qemu-q35-vhost")))
                .isInstanceOf(Scenario.UsageException.class)
                .hasMessageContaining("is no subject");
    }

    private void accept(String... lines) {
        for (String line : lines) {
            collector.accept(line);
        }
    }
}
