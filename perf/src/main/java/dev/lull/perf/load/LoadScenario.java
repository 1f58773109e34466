package dev.lull.perf.load;

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a guest gets out of a device, under Lull and under its peers; each round has a turn of all of them. */
abstract class LoadScenario implements Callable<Integer> {
    private static final int REAL_ROUNDS = 5;
    private static final int INSTRUCTION_ROUNDS = 3;

    private final String name;
    private final String title;
    private final boolean vhost;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (default: 5; 3 on the instruction clock).")
    private int rounds = -1;

    @Option(
            names = "--peer",
            paramLabel = "NAME=PATH",
            description = "Another QEMU, if NAME begins with qemu, or another Lull, if with lull.")
    private Map<String, Path> peers = new LinkedHashMap<>();

    @Option(names = "--only", paramLabel = "NAME", split = ",", description = "Leave out all subjects but these.")
    private List<String> only = List.of();

    @Option(
            names = "--limit",
            paramLabel = "S",
            defaultValue = "120",
            description = "Seconds after which a piece of work is given up (default: ${DEFAULT-VALUE}).")
    private int limitSeconds;

    @Mixin
    private ReportOptions options = new ReportOptions();

    /** @param vhost whether QEMU takes part a second time, with vhost */
    LoadScenario(String name, String title, boolean vhost) {
        this.name = name;
        this.title = title;
        this.vhost = vhost;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rounds == -1) {
            rounds = options.instructionClock() ? INSTRUCTION_ROUNDS : REAL_ROUNDS;
        }
        if (rounds < 1 || limitSeconds < 1) {
            throw new Scenario.UsageException("--rounds and --limit must be 1 or more");
        }
        Place.choose(options);
        Path root = Path.of(System.getProperty("lull.root", "."));
        Monitors monitors = Monitors.choose(root.resolve("lull"), peers, vhost, only);
        monitors.absences().forEach(line -> System.err.println(name + ": " + line));

        String release = Place.debianRelease();
        Report report =
                new Report(name, "%s, Debian's kernel %s, %s".formatted(title, release, options.place()), Monitor.QEMU);
        LoadWorker work = new LoadWorker(name, 1, rounds, Duration.ofSeconds(limitSeconds), monitors.present());
        WorkerCommand worker = new WorkerCommand(root, options.lab() ? options.clock() : "", LoadWorker.class);
        Duration longest =
                work.limit().multipliedBy((rounds + 2L) * 3 * monitors.present().size());
        SampleCollector collector = new SampleCollector(report, name, Work::unit, System.err);
        monitors.absences().forEach(report::note);
        Rounds.Outcome outcome = new Rounds(
                        name, rounds, work.limit(), first -> worker.of(work.arguments(first), longest), System.err)
                .measure(collector, report);
        LoadGoals goals = LoadGoals.of(report);
        goals.lines().forEach(report::note);
        report.note("Debian's kernel %s, %s".formatted(release, options.place()));
        report.write(options, System.out);
        return !outcome.complete() || (options.check() && !goals.met()) ? 1 : 0;
    }
}
