package dev.lull.perf.load;

import dev.lull.perf.report.Measurement;
import dev.lull.perf.report.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How Lull compares with QEMU, piece of work by piece of work.
 *
 * @param lines in words
 * @param met whether each goal is; not where there is nothing to compare with
 */
record LoadGoals(List<String> lines, boolean met) {
    static final double RATIO = 1.0;

    LoadGoals {
        lines = List.copyOf(lines);
    }

    static LoadGoals of(Report report) {
        List<String> lines = new ArrayList<>();
        boolean met = true;
        for (Measurement one : report.measurements()) {
            if (!one.subject().equals(Monitor.LULL) || one.metric().equals(Work.LATENCY)) {
                continue;
            }
            Optional<Double> ratio = report.ratio(Monitor.LULL, one.variant(), one.metric());
            met &= ratio.isPresent() && ratio.get() >= RATIO;
            lines.add(ratio.map(value -> String.format(
                            Locale.ROOT,
                            "%s: lull has %.3f times the %s of %s (goal: at least %.2f%s)",
                            one.variant(),
                            value,
                            one.metric(),
                            Monitor.QEMU,
                            RATIO,
                            value >= RATIO ? "" : ", missed"))
                    .orElse(one.variant() + ": no peer to compare with"));
        }
        return new LoadGoals(lines, met && !lines.isEmpty());
    }
}
