package dev.lull.agent.control.vm;

import dev.lull.agent.idle.IdleCpu;
import dev.lull.agent.idle.IdleReport;
import dev.lull.agent.idle.Submission;
import dev.lull.agent.idle.Task;
import dev.lull.agent.json.JsonMembers;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Idle time as the API tells it. */
public final class IdleJson {
    private static final double SHARE_DIGITS = 1e4;

    private IdleJson() {}

    /** All about one machine. */
    static Map<String, @Nullable Object> detail(VmIdle.View view, List<IdleCpu> cpus) {
        return summary(view)
                .with(
                        "cpus",
                        cpus.stream()
                                .filter(cpu -> view.pins().contains(cpu.cpu()))
                                .map(IdleJson::cpu)
                                .toList())
                .with("tasks", view.tasks().stream().map(IdleJson::task).toList())
                .with(
                        "histograms",
                        List.of(
                                HistogramJson.summary("step", view.stepNanos()),
                                HistogramJson.summary(
                                        "vcpu_run_queue_delay_mean_of_each_second", view.runQueueDelayNanos())))
                .toMap();
    }

    /** One machine in short, to be added to. */
    public static JsonMembers summary(VmIdle.View view) {
        IdleReport report = view.report();
        return new JsonMembers()
                .with("cpu_pins", view.pins())
                .with("elapsed_ns", report.elapsedNanos())
                .with("idle_ns", report.idleNanos())
                .with("idle_share", share(report))
                .with("worked_ns", report.workedNanos())
                .with("steps", report.steps())
                .with("preempted_steps", report.preempted())
                .with("overdue_steps", report.overdue())
                .with("running_tasks", view.running())
                .with("done_tasks", view.done())
                .with("aborted_tasks", view.aborted());
    }

    /** A task. */
    static Map<String, @Nullable Object> task(Submission task) {
        long wait = task.waitNanos();
        return new JsonMembers()
                .with("id", task.id())
                .with("task", task.task().name())
                .with("state", task.state().name().toLowerCase(Locale.ROOT))
                .with("priority", task.priority())
                .with("deadline_ms", wait == Task.NEVER ? null : TimeUnit.NANOSECONDS.toMillis(wait))
                .with("steps", task.steps())
                .with("worked_ns", task.workedNanos())
                .with("preempted_steps", task.preempted())
                .with("overdue_steps", task.overdueSteps())
                .with("result", task.task().result())
                .with("step", HistogramJson.summary("step", task.stepNanos()))
                .toMap();
    }

    /** A CPU that is a home of vCPUs, of whichever machines. */
    public static Map<String, @Nullable Object> cpu(IdleCpu cpu) {
        return new JsonMembers()
                .with("cpu", cpu.cpu())
                .with("worker_cpu_ns", cpu.workerNanos())
                .with("steps", cpu.steps())
                .with("preempted_steps", cpu.preempted())
                .with("looks_guest_awake", cpu.awake())
                .with("looks_io_first", cpu.ioFirst())
                .with("declined_rests", cpu.declined())
                .toMap();
    }

    private static double share(IdleReport report) {
        double share = report.elapsedNanos() == 0 ? 0 : (double) report.idleNanos() / report.elapsedNanos();
        return Math.round(Math.clamp(share, 0, 1) * SHARE_DIGITS) / SHARE_DIGITS;
    }
}
