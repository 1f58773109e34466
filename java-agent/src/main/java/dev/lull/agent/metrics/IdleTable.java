package dev.lull.agent.metrics;

import dev.lull.agent.idle.IdleReport;
import dev.lull.agent.idle.Submission;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** How a machine's idle time was used, as a person reads it: a row for each task, and what came of it. */
public final class IdleTable {
    private static final double NANOS_PER_SECOND = 1e9;

    private IdleTable() {}

    /** The table, several lines. */
    public static String of(IdleReport report, List<Submission> submissions) {
        TextTable tasks =
                new TextTable("llrrrrrr").row("task", "state", "steps", "preempted", "overdue", "p50", "p99", "max");
        StringBuilder results = new StringBuilder();
        for (Submission work : submissions) {
            Histogram nanos = work.stepNanos();
            tasks.row(
                    work.task().name(),
                    work.state().name().toLowerCase(Locale.ROOT),
                    Long.toString(work.steps()),
                    Long.toString(work.preempted()),
                    Long.toString(work.overdueSteps()),
                    Micros.text(nanos.getValueAtPercentile(50)),
                    Micros.text(nanos.getValueAtPercentile(99)),
                    Micros.text(nanos.getMaxValue()));
            results.append('\n')
                    .append(work.task().name())
                    .append(": ")
                    .append(work.task().result());
        }
        String head = String.format(
                Locale.ROOT,
                "Idle time: the vCPUs rested for %.1f of %.1f s; %.3f s of that were worked in, in %d steps, in microseconds:%n",
                report.idleNanos() / NANOS_PER_SECOND,
                report.elapsedNanos() / NANOS_PER_SECOND,
                report.workedNanos() / NANOS_PER_SECOND,
                report.steps());
        return head + tasks + results;
    }
}
