package dev.lull.perf.idle;

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

/** Measures what work in a guest's idle time costs the guest. */
@Command(
        name = "idle",
        sortOptions = false,
        description = "What work beside a guest costs the guest, and how much of it gets done.",
        footer = {
            "",
            "One guest with one vCPU, on a CPU of its own where there are two, measures by",
            "its own clock how late it is (native/guest/tool/wake.c): it wakes up 1000 and",
            "10000 times a second, and answers requests of 1 ms of work that take 30 and 70",
            "percent of a CPU. Meanwhile its memory is worked through on the same CPU, in",
            "turn as each subject: baseline (not at all), lull (when the guest has halted",
            "for certain), control (on a thread as any other), nice19, and sched-idle",
            "(SCHED_IDLE without asking).",
            "latency is the guest's; late, how often it was not done when the next was due;",
            "idle, what the vCPU leaves of the CPU; used, what the work takes of that;",
            "work, what gets done in a second. at-rest is a guest that does nothing.",
            "Goals, for each load: lull's p99.9 is at most 1.05 times baseline's; lull gets",
            "done at least 0.80 of what the control does at rest, times baseline's idle, if",
            "that is 10 percent or more. For one load at least, the control's p99.9 is 1.50",
            "times baseline's or more, or this run could not tell whose work is noticed.",
            "Where this machine has no KVM on hardware virtualization, it runs in the lab.",
            "",
            "  perf/scenarios/idle --html idle.html",
            "  perf/scenarios/idle --clock instructions --check"
        })
public final class IdleScenario implements Callable<Integer> {
    private static final int REAL_ROUNDS = 5;
    private static final int INSTRUCTION_ROUNDS = 3;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (default: 5; 3 on the instruction clock).")
    private int rounds = -1;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "3",
            description = "Of each load in a round (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--only", paramLabel = "NAME", split = ",", description = "Leave out all subjects but these.")
    private List<String> only = List.of();

    @Option(
            names = "--limit",
            paramLabel = "S",
            defaultValue = "120",
            description = "Seconds after which a load is given up (default: ${DEFAULT-VALUE}).")
    private int limitSeconds;

    @Mixin
    private ReportOptions options = new ReportOptions();

    /** The command {@code perf/scenarios/idle}. */
    public static void main(String[] arguments) {
        Scenario.main(new IdleScenario(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rounds == -1) {
            rounds = options.instructionClock() ? INSTRUCTION_ROUNDS : REAL_ROUNDS;
        }
        if (rounds < 1 || seconds < 1 || limitSeconds < 1) {
            throw new Scenario.UsageException("--rounds, --seconds and --limit must be 1 or more");
        }
        List<IdleSubject> subjects = IdleSubject.choose(only);
        Place.choose(options);
        String release = Place.debianRelease();
        String title = "work beside a guest, Debian's kernel %s, %s".formatted(release, options.place());
        Report report = new Report("idle", title, IdleSubject.BASELINE.label());
        IdleWorker work = new IdleWorker(1, rounds, seconds, Duration.ofSeconds(limitSeconds), subjects);
        WorkerCommand worker = WorkerCommand.ofMonitor(
                Path.of(System.getProperty("lull.root", ".")), options.lab() ? options.clock() : "", IdleWorker.class);
        Duration longest = work.limit().multipliedBy((rounds + 2L) * IdleLoad.values().length * subjects.size());
        SampleCollector collector = new SampleCollector(report, "idle", IdleMetric::unit, System.err);
        Rounds.Outcome outcome = new Rounds(
                        "idle", rounds, work.limit(), first -> worker.of(work.arguments(first), longest), System.err)
                .measure(collector, report);
        IdleGoals goals = IdleGoals.of(report.measurements());
        goals.lines().forEach(report::note);
        report.note("Debian's kernel %s, %s".formatted(release, options.place()));
        report.write(options, System.out);
        return !outcome.complete() || (options.check() && !goals.met()) ? 1 : 0;
    }
}
