package dev.lull.agent.metrics;

import dev.lull.agent.machine.ExitReason;
import dev.lull.agent.machine.ExitStats;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** A machine's exits as a person reads them: a row per vCPU and reason, and one for all. */
public final class ExitTable {
    private static final int NANOS_PER_TENTH_MILLI = 100_000;

    private ExitTable() {}

    /** The table, several lines, of a machine that has ended; one line if there was no exit. */
    public static String of(List<ExitStats> vcpus) {
        TextTable table = new TextTable("rlrrrrr").row("vCPU", "exit reason", "count", "p50", "p99", "p99.9", "max");
        Histogram all = new Histogram(ExitStats.HIGHEST_NANOS, ExitStats.SIGNIFICANT_DIGITS);
        long total = 0;
        for (int id = 0; id < vcpus.size(); id++) {
            ExitStats stats = vcpus.get(id);
            for (int reason = 0; reason < ExitReason.COUNT; reason++) {
                long count = stats.count(reason);
                if (count == 0) {
                    continue;
                }
                Histogram histogram = stats.handlingNanos(reason);
                row(table, Integer.toString(id), ExitReason.name(reason), count, histogram);
                total += count;
                if (histogram != null) {
                    all.add(histogram);
                }
            }
        }
        if (total == 0) {
            return "The guest never left its processors.";
        }
        row(table, "all", "total", total, all.getTotalCount() == 0 ? null : all);
        return "Exits of the guest, and the time each took to handle in microseconds:\n" + table;
    }

    /** How long the guest took to boot, as one line. */
    public static String bootLine(long nanos) {
        return "Guest boot time: "
                .concat(Micros.tenths(nanos, NANOS_PER_TENTH_MILLI))
                .concat(" ms");
    }

    private static void row(TextTable table, String vcpu, String reason, long count, @Nullable Histogram nanos) {
        table.row(
                vcpu,
                reason,
                Long.toString(count),
                percentile(nanos, 50),
                percentile(nanos, 99),
                percentile(nanos, 99.9),
                percentile(nanos, 100));
    }

    private static String percentile(@Nullable Histogram nanos, double percent) {
        return nanos == null ? "-" : Micros.text(nanos.getValueAtPercentile(percent));
    }
}
