package dev.lull.perf.worker;

import dev.lull.perf.report.Quantity;
import dev.lull.perf.report.Report;
import dev.lull.perf.report.Series;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Gathers samples into rounds, and reports a round once the worker says that it is done: others do not count. */
public final class SampleCollector implements RoundSink {

    private final Report report;
    private final String scenario;
    private final UnaryOperator<String> units;
    private final PrintStream progress;
    private final List<Sample> current = new ArrayList<>();
    private final Map<String, Series> series = new LinkedHashMap<>();
    private int complete;

    /**
     * @param units gives the unit of each metric
     * @param progress gets a line for each sample, with its median
     */
    public SampleCollector(Report report, String scenario, UnaryOperator<String> units, PrintStream progress) {
        this.report = report;
        this.scenario = scenario;
        this.units = units;
        this.progress = progress;
    }

    @Override
    public void accept(String line) {
        Sample.parse(line).ifPresent(this::accept);
        if (line.equals(doneLine(complete + 1))) {
            complete++;
            current.forEach(this::record);
            current.clear();
        }
    }

    /** What the worker writes at the end of a round. */
    public static String doneLine(int round) {
        return "done " + round;
    }

    private void accept(Sample sample) {
        progress.printf(
                "%s: %s %s %s: %s %s%n",
                scenario,
                sample.round() == 0 ? "warm-up" : "round " + sample.round(),
                sample.variant(),
                sample.subject(),
                sample.metric(),
                Quantity.of(median(sample), units.apply(sample.metric())));
        if (sample.round() == complete + 1) {
            current.add(sample);
        }
    }

    private static long median(Sample sample) {
        long left = sample.counts().values().stream().mapToLong(Long::longValue).sum() / 2;
        for (Map.Entry<Long, Long> one : sample.counts().entrySet()) {
            left -= one.getValue();
            if (left < 0) {
                return one.getKey();
            }
        }
        throw new IllegalArgumentException("no values: " + sample);
    }

    private void record(Sample sample) {
        Series one = series.computeIfAbsent(
                String.join(" ", sample.subject(), sample.variant(), sample.metric()),
                key -> report.add(sample.subject(), sample.variant(), sample.metric(), units.apply(sample.metric())));
        one.beginRound();
        sample.counts().forEach(one::record);
    }

    @Override
    public int complete() {
        return complete;
    }

    @Override
    public void abandonRound() {
        current.clear();
    }
}
