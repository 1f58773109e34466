package dev.lull.perf.boot;

import dev.lull.perf.report.Measurement;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How Lull compares with the best of the others.
 *
 * @param lines in words
 * @param met whether each goal is; not where there is nothing to compare with
 */
record BootGoals(List<String> lines, boolean met) {
    static final double VM_TO_INIT = 0.8;
    static final double PROCESS_TO_INIT = 1.0;

    BootGoals {
        lines = List.copyOf(lines);
    }

    static BootGoals of(List<Measurement> measurements) {
        Optional<Measurement> best = measurements.stream()
                .filter(one -> one.metric().equals(Subject.PROCESS_TO_INIT))
                .filter(one -> !one.subject().equals(Subject.LULL))
                .min(Comparator.comparingLong(Measurement::p50));
        if (best.isEmpty()) {
            return new BootGoals(List.of("no peer took part: the goals are not checked"), false);
        }
        double vm = ratio(measurements, Subject.VM_TO_INIT, best.get());
        double process = ratio(measurements, Subject.PROCESS_TO_INIT, best.get());
        return new BootGoals(
                List.of(
                        line(Subject.VM_TO_INIT, vm, best.get(), VM_TO_INIT),
                        line(Subject.PROCESS_TO_INIT, process, best.get(), PROCESS_TO_INIT)),
                vm <= VM_TO_INIT && process <= PROCESS_TO_INIT);
    }

    private static double ratio(List<Measurement> measurements, String metric, Measurement best) {
        return measurements.stream()
                        .filter(one -> one.subject().equals(Subject.LULL)
                                && one.metric().equals(metric))
                        .mapToDouble(one -> (double) one.p50())
                        .findFirst()
                        .orElseThrow()
                / best.p50();
    }

    private static String line(String metric, double ratio, Measurement best, double goal) {
        return String.format(
                Locale.ROOT,
                "lull's %s is %.3f times the process-to-init of %s, the quickest peer (goal: at most %.2f%s)",
                metric,
                ratio,
                best.subject(),
                goal,
                ratio <= goal ? "" : ", missed");
    }
}
