package dev.lull.perf.boot;

import dev.lull.perf.report.Report;
import dev.lull.perf.report.ReportOptions;
import dev.lull.perf.report.Scenario;
import dev.lull.perf.report.Series;
import dev.lull.perf.worker.Place;
import dev.lull.perf.worker.Rounds;
import dev.lull.perf.worker.WorkerCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures how long monitors take to a guest's first process; each round has a turn of all of them. */
@Command(
        name = "boot",
        sortOptions = false,
        description = "How long Lull and its peers take to the first process of the same stock guest.",
        footer = {
            "",
            "Subjects: lull (process-to-init, the JVM's start included, and vm-to-init,",
            "its boot timer), qemu-q35, qemu-microvm (real clock only), kvmtool. Debian's",
            "cloud kernel as bzImage, lull's small initrd, 256 MiB, one vCPU, no disk, no",
            "NIC, '" + Guest.COMMAND_LINE + "'; kernel and initrd in memory.",
            "Goals: lull's vm-to-init is at most 0.8 times, its process-to-init at most",
            "1.0 times the process-to-init of the quickest peer.",
            "Where this machine has no KVM on hardware virtualization, it all runs in the lab.",
            "",
            "  perf/scenarios/boot --html boot.html --peer kvmtool=/usr/local/bin/lkvm",
            "  perf/scenarios/boot --clock instructions --check"
        })
public final class BootScenario implements Callable<Integer> {
    private static final int REAL_ROUNDS = 5;
    private static final int INSTRUCTION_ROUNDS = 3;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (default: 5; 3 on the instruction clock).")
    private int rounds = -1;

    @Option(
            names = "--peer",
            paramLabel = "NAME=PATH",
            description = "A monitor that is not installed: qemu-q35 or qemu-microvm, or a kvmtool by any other name.")
    private Map<String, Path> peers = new LinkedHashMap<>();

    @Option(
            names = "--limit",
            paramLabel = "S",
            defaultValue = "90",
            description = "Seconds after which a run is given up (default: ${DEFAULT-VALUE}).")
    private int limitSeconds;

    @Mixin
    private ReportOptions options = new ReportOptions();

    /** The command {@code perf/scenarios/boot}. */
    public static void main(String[] arguments) {
        Scenario.main(new BootScenario(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        boolean instructionClock = options.instructionClock();
        if (rounds == -1) {
            rounds = instructionClock ? INSTRUCTION_ROUNDS : REAL_ROUNDS;
        }
        if (rounds < 1 || limitSeconds < 1) {
            throw new Scenario.UsageException("--rounds and --limit must be 1 or more");
        }
        Place.choose(options);
        Path root = Path.of(System.getProperty("lull.root", "."));
        Subjects subjects = Subjects.choose(
                root.resolve("lull"),
                peers,
                instructionClock,
                Subjects.inDirectories(System.getenv().getOrDefault("PATH", "/usr/bin")));
        subjects.absences().forEach(line -> System.err.println("boot: " + line));

        Path cache = Path.of(System.getenv().getOrDefault("LULL_CACHE", "."));
        String release =
                Files.readString(cache.resolve("kernels/cloud/release")).strip();
        Report report = new Report(
                "boot", "Debian's kernel %s to its first process, %s".formatted(release, options.place()), "qemu-q35");
        BootWorker work = new BootWorker(
                cache.resolve("kernels/cloud/vmlinuz"),
                cache.resolve("guest/initrd"),
                1,
                rounds,
                Duration.ofSeconds(limitSeconds),
                subjects.present());
        WorkerCommand worker = new WorkerCommand(root, options.lab() ? options.clock() : "", BootWorker.class);
        RoundCollector collector = recorder(report, subjects.present(), rounds);
        subjects.absences().forEach(report::note);
        Rounds.Outcome outcome = new Rounds(
                        "boot",
                        rounds,
                        work.limit(),
                        first -> worker.of(
                                work.from(first).arguments(), work.from(first).longest()),
                        System.err)
                .measure(collector, report);
        BootGoals goals = BootGoals.of(report.measurements());
        goals.lines().forEach(report::note);
        report.note("Debian's cloud kernel %s, %s".formatted(release, options.place()));
        report.write(options, System.out);
        return !outcome.complete() || (options.check() && !goals.met()) ? 1 : 0;
    }

    private static RoundCollector recorder(Report report, List<Subject> subjects, int rounds) {
        Map<String, Series> series = new LinkedHashMap<>();
        for (Subject subject : subjects) {
            for (String metric : subject.metrics()) {
                series.put(subject.name() + " " + metric, report.add(subject.name(), "", metric, "ns"));
            }
        }
        return new RoundCollector(
                subjects.stream().map(Subject::name).toList(),
                round -> round.forEach(run -> run.nanos().forEach((metric, nanos) -> {
                    Series one = series.get(run.subject() + " " + metric);
                    if (one != null) {
                        one.beginRound();
                        one.record(nanos);
                    }
                })),
                rounds,
                System.err);
    }
}
