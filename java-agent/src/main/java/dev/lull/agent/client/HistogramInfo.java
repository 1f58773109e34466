package dev.lull.agent.client;

import dev.lull.agent.json.JsonObject;
import java.util.List;

/**
 * A histogram in short.
 *
 * @param name that stays
 * @param unit of all that follows but the count
 */
public record HistogramInfo(
        String name, String unit, long count, long min, long p50, long p90, long p99, long p999, long max) {
    /** Reads one. */
    public static HistogramInfo parse(byte[] json) {
        return Answer.read(json, HistogramInfo::of);
    }

    /** Reads a virtual machine's. */
    public static List<HistogramInfo> parseAll(byte[] json) {
        return Answer.read(
                json,
                all -> all.objects("histograms").stream().map(HistogramInfo::of).toList());
    }

    static HistogramInfo of(JsonObject json) {
        return new HistogramInfo(
                json.string("name"),
                json.string("unit"),
                number(json, "count"),
                number(json, "min"),
                number(json, "p50"),
                number(json, "p90"),
                number(json, "p99"),
                number(json, "p999"),
                number(json, "max"));
    }

    private static long number(JsonObject json, String name) {
        return json.integer(name, 0, Long.MAX_VALUE);
    }
}
