package dev.lull.agent.control.vm;

import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** A histogram in short, as the API tells it. */
public final class HistogramJson {
    private HistogramJson() {}

    /** The figures people ask for first, of a histogram of nanoseconds; to be added to. */
    public static Map<String, Object> summary(String name, Histogram histogram) {
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("name", name);
        summary.put("unit", "ns");
        summary.put("count", histogram.getTotalCount());
        summary.put("min", histogram.getTotalCount() == 0 ? 0 : histogram.getMinValue());
        summary.put("p50", histogram.getValueAtPercentile(50));
        summary.put("p90", histogram.getValueAtPercentile(90));
        summary.put("p99", histogram.getValueAtPercentile(99));
        summary.put("p999", histogram.getValueAtPercentile(99.9));
        summary.put("max", histogram.getMaxValue());
        return summary;
    }
}
