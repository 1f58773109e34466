package dev.lull.agent.cli.idle;

import dev.lull.agent.cli.vm.HistogramText;
import dev.lull.agent.client.HistogramInfo;
import dev.lull.agent.client.IdleInfo;
import dev.lull.agent.metrics.Micros;
import dev.lull.agent.metrics.TextTable;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Idle time as a person reads it. */
final class IdleText {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double PERCENT = 100;

    private IdleText() {}

    /** A line a machine. */
    static String table(List<IdleInfo> vms) {
        if (vms.isEmpty()) {
            return "There are no machines. Make one with: lull vm create ID --kernel FILE --pin CPU ...";
        }
        TextTable table = new TextTable("llrrrrrrrr")
                .row("ID", "CPUs", "IDLE", "WORKED", "STEPS", "PREEMPTED", "OVERDUE", "TASKS", "DONE", "ABORTED");
        StringBuilder notes = new StringBuilder();
        boolean unbound = false;
        for (IdleInfo vm : vms) {
            IdleInfo.Usage usage = vm.usage();
            if (usage == null) {
                table.row(vm.id(), cpus(vm.pins()), "-", "-", "-", "-", "-", "-", "-", "-");
                unbound |= vm.pins().isEmpty();
                if (!vm.pins().isEmpty() && vm.unusedBecause() != null) {
                    notes.append('\n').append(vm.id()).append(": ").append(vm.unusedBecause());
                }
            } else {
                table.row(
                        vm.id(),
                        cpus(vm.pins()),
                        share(usage),
                        seconds(usage.workedNanos()) + " s",
                        Long.toString(usage.steps()),
                        Long.toString(usage.preempted()),
                        Long.toString(usage.overdue()),
                        Long.toString(usage.running()),
                        Long.toString(usage.done()),
                        Long.toString(usage.aborted()));
            }
        }
        if (unbound) {
            notes.append(
                    "\nIdle time is used of machines whose vCPUs are bound to CPUs: lull vm create ID --pin CPU ...");
        }
        return table + notes.toString();
    }

    /** All about one machine. */
    static String sheet(IdleInfo.Detail idle) {
        IdleInfo.Usage usage = idle.usage();
        String head = String.format(
                Locale.ROOT,
                "vCPUs on CPUs %s: at rest %s of %s s; %s s of that worked in, in %d steps, %d of them preempted, and %d"
                        + " overdue%n%d tasks under way, %d done, %d aborted",
                cpus(idle.pins()),
                share(usage),
                seconds(usage.elapsedNanos()),
                seconds(usage.workedNanos()),
                usage.steps() - usage.overdue(),
                usage.preempted(),
                usage.overdue(),
                usage.running(),
                usage.done(),
                usage.aborted());
        return head + tasks(idle.tasks()) + "\n\n" + cpuTable(idle.cpus()) + "\n\n"
                + HistogramText.table(
                        idle.times().stream().map(IdleText::titled).toList());
    }

    private static String tasks(List<IdleInfo.Task> tasks) {
        if (tasks.isEmpty()) {
            return "";
        }
        TextTable table = new TextTable("rllrrrrrrrrr")
                .row(
                        "TASK",
                        "",
                        "STATE",
                        "PRIORITY",
                        "DEADLINE",
                        "WORKED",
                        "STEPS",
                        "PREEMPTED",
                        "OVERDUE",
                        "p50 µs",
                        "p99 µs",
                        "max µs");
        for (IdleInfo.Task task : tasks) {
            table.row(
                    Integer.toString(task.id()),
                    task.name(),
                    task.state(),
                    Integer.toString(task.priority()),
                    task.deadlineMillis() == null ? "-" : task.deadlineMillis() + " ms",
                    seconds(task.workedNanos()) + " s",
                    Long.toString(task.steps()),
                    Long.toString(task.preempted()),
                    Long.toString(task.overdue()),
                    Micros.text(task.step().p50()),
                    Micros.text(task.step().p99()),
                    Micros.text(task.step().max()));
        }
        return "\n\n" + table + "\n"
                + tasks.stream()
                        .map(task -> "  " + task.id() + ": " + task.result())
                        .collect(Collectors.joining("\n"));
    }

    private static String cpuTable(List<IdleInfo.Cpu> cpus) {
        TextTable table = new TextTable("rrrrrrr")
                .row("CPU", "WORKER", "STEPS", "PREEMPTED", "FOUND AWAKE", "I/O FIRST", "DECLINED");
        for (IdleInfo.Cpu cpu : cpus) {
            table.row(
                    Integer.toString(cpu.cpu()),
                    seconds(cpu.workerNanos()) + " s",
                    Long.toString(cpu.steps()),
                    Long.toString(cpu.preempted()),
                    Long.toString(cpu.awake()),
                    Long.toString(cpu.ioFirst()),
                    Long.toString(cpu.declined()));
        }
        return table.toString();
    }

    private static HistogramInfo titled(HistogramInfo info) {
        boolean delay = info.name().startsWith("vcpu_run_queue_delay");
        return delay
                ? new HistogramInfo(
                        "run queue, mean of each second",
                        info.unit(),
                        info.count(),
                        info.min(),
                        info.p50(),
                        info.p90(),
                        info.p99(),
                        info.p999(),
                        info.max())
                : info;
    }

    private static String cpus(List<Integer> pins) {
        return pins.isEmpty() ? "any" : pins.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    private static String share(IdleInfo.Usage usage) {
        double share = usage.elapsedNanos() == 0 ? 0 : (double) usage.idleNanos() / usage.elapsedNanos();
        return String.format(Locale.ROOT, "%.1f%%", Math.min(share, 1) * PERCENT);
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.3f", nanos / NANOS_PER_SECOND);
    }
}
