package dev.lull.agent.cli.vm;

import dev.lull.agent.client.HistogramInfo;
import dev.lull.agent.metrics.Micros;
import dev.lull.agent.metrics.TextTable;
import java.util.List;

/** Histograms as a person reads them. */
public final class HistogramText {
    private HistogramText() {}

    /** A line each, in microseconds. */
    public static String table(List<HistogramInfo> histograms) {
        if (histograms.isEmpty()) {
            return "Nothing was timed yet.";
        }
        TextTable table = new TextTable("lrrrrrrr").row("µs", "count", "min", "p50", "p90", "p99", "p99.9", "max");
        for (HistogramInfo histogram : histograms) {
            table.row(
                    histogram.name(),
                    Long.toString(histogram.count()),
                    Micros.text(histogram.min()),
                    Micros.text(histogram.p50()),
                    Micros.text(histogram.p90()),
                    Micros.text(histogram.p99()),
                    Micros.text(histogram.p999()),
                    Micros.text(histogram.max()));
        }
        return table.toString();
    }
}
