package dev.lull.agent.control.daemon;

import dev.lull.agent.control.vm.VmIdle;
import dev.lull.agent.idle.IdleCpu;
import dev.lull.agent.idle.IdleReport;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import java.util.List;

/** The families of idle time in the making. */
final class IdleFigures {
    private static final double NANOS_PER_SECOND = 1e9;

    private final CounterSnapshot.Builder watched = Scrape.counter(
            "lull_idle_watched_seconds", "Time that went by while idle time was used, each vCPU's added up.");
    private final CounterSnapshot.Builder rested = Scrape.counter(
            "lull_idle_rested_seconds",
            "Of that, waited by vCPUs that had halted; a wait that is not over is not in it.");
    private final CounterSnapshot.Builder worked =
            Scrape.counter("lull_idle_worked_seconds", "What steps of tasks took.");
    private final CounterSnapshot.Builder steps =
            Scrape.counter("lull_idle_steps", "Steps of tasks: in idle time, or overdue on a CPU that is no guest's.");
    private final CounterSnapshot.Builder preempted =
            Scrape.counter("lull_idle_preempted_steps", "Steps during which the guest woke up.");
    private final CounterSnapshot.Builder tasks =
            Scrape.counter("lull_idle_tasks", "Tasks that are over: done, or aborted before they were.");
    private final SummarySnapshot.Builder stepTimes =
            SummarySnapshot.builder().name("lull_idle_step_seconds").help("Steps, and how long they took.");
    private final SummarySnapshot.Builder delays = SummarySnapshot.builder()
            .name("lull_vcpu_run_queue_delay_mean_seconds")
            .help(
                    "How long a vCPU that could have run waited for its CPU: of each vCPU and second the mean, one value.");
    private final CounterSnapshot.Builder workers = Scrape.counter(
            "lull_idle_worker_cpu_seconds", "Processor time of the worker of a CPU, its looks at vCPUs included.");
    private final CounterSnapshot.Builder looks = Scrape.counter(
            "lull_idle_fruitless_looks",
            "Looks of the worker of a CPU that found a guest awake, a request to come first, or a rest too short.");

    void add(String vm, VmIdle.View view) {
        Labels labels = Labels.of("vm", vm);
        IdleReport report = view.report();
        watched.dataPoint(Scrape.point(report.elapsedNanos() / NANOS_PER_SECOND, labels));
        rested.dataPoint(Scrape.point(report.idleNanos() / NANOS_PER_SECOND, labels));
        worked.dataPoint(Scrape.point(report.workedNanos() / NANOS_PER_SECOND, labels));
        steps.dataPoint(
                Scrape.point((double) (report.steps() - report.overdue()), Labels.of("vm", vm, "place", "idle")));
        steps.dataPoint(Scrape.point((double) report.overdue(), Labels.of("vm", vm, "place", "overdue")));
        preempted.dataPoint(Scrape.point((double) report.preempted(), labels));
        tasks.dataPoint(Scrape.point((double) view.done(), Labels.of("vm", vm, "end", "done")));
        tasks.dataPoint(Scrape.point((double) view.aborted(), Labels.of("vm", vm, "end", "aborted")));
        stepTimes.dataPoint(Scrape.times(view.stepNanos(), labels));
        delays.dataPoint(Scrape.times(view.runQueueDelayNanos(), labels));
    }

    void add(IdleCpu cpu) {
        String number = Integer.toString(cpu.cpu());
        workers.dataPoint(Scrape.point(cpu.workerNanos() / NANOS_PER_SECOND, Labels.of("cpu", number)));
        looks.dataPoint(Scrape.point((double) cpu.awake(), Labels.of("cpu", number, "found", "awake")));
        looks.dataPoint(Scrape.point((double) cpu.ioFirst(), Labels.of("cpu", number, "found", "io_first")));
        looks.dataPoint(Scrape.point((double) cpu.declined(), Labels.of("cpu", number, "found", "declined")));
    }

    List<MetricSnapshot> snapshots() {
        return List.of(
                watched.build(),
                rested.build(),
                worked.build(),
                steps.build(),
                preempted.build(),
                tasks.build(),
                stepTimes.build(),
                delays.build(),
                workers.build(),
                looks.build());
    }
}
