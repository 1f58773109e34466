package dev.lull.perf.idle;

import dev.lull.perf.report.Measurement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.ToLongFunction;

/**
 * Whether Lull's work goes unnoticed and gets done, load by load, and whether the same work would else be noticed.
 *
 * @param lines in words
 * @param met whether each goal is; not where something was not measured
 */
record IdleGoals(List<String> lines, boolean met) {
    private static final Goal UNNOTICED = new Goal(IdleSubject.LULL, "times baseline's p99.9 latency", false, 1.05);

    private static final Goal DONE =
            new Goal(IdleSubject.LULL, "times the work that baseline's idle time allows", true, 0.80);

    /** With less under all loads, the run could not have told whose work is noticed. */
    private static final double TELLING = 1.5;

    /** Less of a CPU is idle in pieces of some microseconds, or hardly measured. */
    private static final int LEAST_IDLE_PERMILLE = 100;

    /** What a ratio is to be. */
    private record Goal(IdleSubject subject, String what, boolean atLeast, double bound) {
        boolean meets(double ratio) {
            return atLeast ? ratio >= bound : ratio <= bound;
        }

        String line(IdleLoad load, OptionalDouble ratio) {
            if (ratio.isEmpty()) {
                return "%s: how many %s %s has was not measured".formatted(load.label(), what, subject.label());
            }
            return String.format(
                    Locale.ROOT,
                    "%s: %s has %.3f %s (goal: at %s %.2f%s)",
                    load.label(),
                    subject.label(),
                    ratio.getAsDouble(),
                    what,
                    atLeast ? "least" : "most",
                    bound,
                    meets(ratio.getAsDouble()) ? "" : ", missed");
        }
    }

    IdleGoals {
        lines = List.copyOf(lines);
    }

    static IdleGoals of(List<Measurement> all) {
        List<String> lines = new ArrayList<>();
        boolean met = true;
        for (IdleLoad load : IdleLoad.values()) {
            if (load.hasLatency()) {
                met &= judge(UNNOTICED, load, latency(all, load, UNNOTICED.subject()), lines);
                met &= leavesTooLittle(all, load, lines) || judge(DONE, load, work(all, load), lines);
            }
        }
        met &= tells(all, lines);
        return new IdleGoals(lines, met);
    }

    /** A guest that sleeps most of the time is favoured over an ordinary thread; one load that tells is enough. */
    private static boolean tells(List<Measurement> all, List<String> lines) {
        double most = 0;
        for (IdleLoad load : IdleLoad.values()) {
            OptionalDouble ratio = load.hasLatency() ? latency(all, load, IdleSubject.CONTROL) : OptionalDouble.empty();
            most = Math.max(most, ratio.orElse(0));
        }
        lines.add(
                most == 0
                        ? "how many times baseline's p99.9 latency control has was not measured"
                        : String.format(
                                Locale.ROOT,
                                "control has up to %.3f times baseline's p99.9 latency (goal: at least %.2f%s)",
                                most,
                                TELLING,
                                most >= TELLING ? "" : ", missed: this run could not tell whose work is noticed"));
        return most >= TELLING;
    }

    private static boolean judge(Goal goal, IdleLoad load, OptionalDouble ratio, List<String> lines) {
        lines.add(goal.line(load, ratio));
        return ratio.isPresent() && goal.meets(ratio.getAsDouble());
    }

    private static boolean leavesTooLittle(List<Measurement> all, IdleLoad load, List<String> lines) {
        double idle = value(all, IdleSubject.BASELINE, load, IdleMetric.IDLE, Measurement::p50);
        if (idle >= LEAST_IDLE_PERMILLE || Double.isNaN(idle)) {
            return false;
        }
        lines.add(String.format(
                Locale.ROOT,
                "%s: baseline leaves %.1f %% of the CPU, too little to tell how well it is used; lull does %.3f of what it allows",
                load.label(),
                idle / 10,
                work(all, load).orElse(Double.NaN)));
        return true;
    }

    private static OptionalDouble latency(List<Measurement> all, IdleLoad load, IdleSubject subject) {
        return divide(
                value(all, subject, load, IdleMetric.LATENCY, Measurement::p999),
                value(all, IdleSubject.BASELINE, load, IdleMetric.LATENCY, Measurement::p999));
    }

    /** The control beside a guest at rest shows what can be done in a second. */
    private static OptionalDouble work(List<Measurement> all, IdleLoad load) {
        double idle = value(all, IdleSubject.BASELINE, load, IdleMetric.IDLE, Measurement::p50) / 1000;
        double whole = value(all, IdleSubject.CONTROL, IdleLoad.AT_REST, IdleMetric.WORK, Measurement::p50);
        return divide(value(all, IdleSubject.LULL, load, IdleMetric.WORK, Measurement::p50), idle * whole);
    }

    private static OptionalDouble divide(double part, double whole) {
        double ratio = part / whole;
        return Double.isFinite(ratio) ? OptionalDouble.of(ratio) : OptionalDouble.empty();
    }

    /** NaN if it was not measured. */
    private static double value(
            List<Measurement> all,
            IdleSubject subject,
            IdleLoad load,
            IdleMetric metric,
            ToLongFunction<Measurement> which) {
        for (Measurement one : all) {
            if (one.subject().equals(subject.label())
                    && one.variant().equals(load.label())
                    && one.metric().equals(metric.label())) {
                return which.applyAsLong(one);
            }
        }
        return Double.NaN;
    }
}
