package dev.lull.perf.counter;

import dev.lull.perf.report.Report;
import dev.lull.perf.report.ReportOptions;
import dev.lull.perf.report.Scenario;
import dev.lull.perf.worker.Place;
import dev.lull.perf.worker.Rounds;
import dev.lull.perf.worker.SampleCollector;
import dev.lull.perf.worker.WorkerCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures what reading its counter costs a guest, and how well it sleeps by it. */
@Command(
        name = "counter",
        sortOptions = false,
        description = "What it costs a guest to read its counter, and how well it sleeps by it.",
        footer = {
            "",
            "Two guests with one vCPU each take turns. The one without a counter of Lull's",
            "reads kvm (KVM's clock, by the vDSO) and rdtsc (the processor's counter itself);",
            "the one with --counter scaled reads lull (the same vDSO, by Lull's page), device",
            "(the counter from /dev/lull_counter's page, in C), device-java (in Java), and",
            "trapped (RDTSC in a program that is given the counter instead, by a trap).",
            "read is how long a read takes, means of 1000. late is how much longer a sleep of",
            "1 ms, 10 ms and 1 s takes than was asked for, by the guest's own clock.",
            "Goals: lull's p50 of read is at most 1.05 times kvm's; its p50 and p99 of late",
            "are at most 1.10 times kvm's.",
            "Where this machine has no KVM on hardware virtualization, it runs in the lab.",
            "",
            "  perf/scenarios/counter --html counter.html",
            "  perf/scenarios/counter --clock instructions --check"
        })
public final class CounterScenario implements Callable<Integer> {
    private static final int REAL_ROUNDS = 5;
    private static final int INSTRUCTION_ROUNDS = 3;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (default: 5; 3 on the instruction clock).")
    private int rounds = -1;

    @Option(names = "--only", paramLabel = "NAME", split = ",", description = "Leave out all subjects but these.")
    private List<String> only = List.of();

    @Option(
            names = "--limit",
            paramLabel = "S",
            defaultValue = "240",
            description = "Seconds after which a load is given up (default: ${DEFAULT-VALUE}).")
    private int limitSeconds;

    @Mixin
    private ReportOptions options = new ReportOptions();

    /** The command {@code perf/scenarios/counter}. */
    public static void main(String[] arguments) {
        Scenario.main(new CounterScenario(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rounds == -1) {
            rounds = options.instructionClock() ? INSTRUCTION_ROUNDS : REAL_ROUNDS;
        }
        if (rounds < 1 || limitSeconds < 1) {
            throw new Scenario.UsageException("--rounds and --limit must be 1 or more");
        }
        List<CounterSubject> subjects = CounterSubject.choose(only);
        Place.choose(options);
        String release = Place.debianRelease();
        Path root = Path.of(System.getProperty("lull.root", "."));
        Report report = new Report(
                "counter",
                "a guest's counter, Debian's kernel %s, %s".formatted(release, options.place()),
                CounterSubject.KVM.label());
        CounterWorker work =
                new CounterWorker(1, rounds, Duration.ofSeconds(limitSeconds), JavaDisk.make(root), subjects);
        WorkerCommand worker = WorkerCommand.ofMonitor(root, options.lab() ? options.clock() : "", CounterWorker.class);
        Duration longest = work.limit().multipliedBy((rounds + 2L) * CounterLoad.values().length * subjects.size());
        SampleCollector collector = new SampleCollector(report, "counter", CounterMetric::unit, System.err);
        Rounds.Outcome outcome = new Rounds(
                        "counter", rounds, work.limit(), first -> worker.of(work.arguments(first), longest), System.err)
                .measure(collector, report);
        CounterGoals goals = CounterGoals.of(report.measurements());
        goals.lines().forEach(report::note);
        report.note("Debian's kernel %s, %s".formatted(release, options.place()));
        report.write(options, System.out);
        return !outcome.complete() || (options.check() && !goals.met()) ? 1 : 0;
    }
}
