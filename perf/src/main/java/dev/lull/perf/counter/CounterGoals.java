package dev.lull.perf.counter;

import dev.lull.perf.report.Measurement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * Whether Lull's clock is read as fast as KVM's, and slept by as well.
 *
 * @param lines in words
 * @param met whether each goal is; not where something was not measured
 */
record CounterGoals(List<String> lines, boolean met) {
    private static final double READ_BOUND = 1.05;
    private static final double LATE_BOUND = 1.1;

    CounterGoals {
        lines = List.copyOf(lines);
    }

    static CounterGoals of(List<Measurement> all) {
        List<String> lines = new ArrayList<>();
        boolean met = true;
        for (CounterLoad load : CounterLoad.values()) {
            double bound = load.metric() == CounterMetric.READ ? READ_BOUND : LATE_BOUND;
            met &= judge(all, load, "p50", Measurement::p50, bound, lines);
            if (load.metric() == CounterMetric.LATE) {
                met &= judge(all, load, "p99", Measurement::p99, bound, lines);
            }
        }
        return new CounterGoals(lines, met);
    }

    private static boolean judge(
            List<Measurement> all,
            CounterLoad load,
            String name,
            ToLongFunction<Measurement> which,
            double bound,
            List<String> lines) {
        double ratio = value(all, CounterSubject.LULL, load, which) / value(all, CounterSubject.KVM, load, which);
        if (!Double.isFinite(ratio)) {
            lines.add("%s: Lull's %s beside KVM's was not measured".formatted(load.label(), name));
            return false;
        }
        boolean met = ratio <= bound;
        lines.add(String.format(
                Locale.ROOT,
                "%s: Lull's %s is %.3f times KVM's (goal: at most %.2f%s)",
                load.label(),
                name,
                ratio,
                bound,
                met ? "" : ", missed"));
        return met;
    }

    /** NaN if it was not measured. */
    private static double value(
            List<Measurement> all, CounterSubject subject, CounterLoad load, ToLongFunction<Measurement> which) {
        for (Measurement one : all) {
            if (one.subject().equals(subject.label()) && one.variant().equals(load.label())) {
                return which.applyAsLong(one);
            }
        }
        return Double.NaN;
    }
}
