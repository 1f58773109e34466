package dev.lull.perf.load;

import dev.lull.perf.worker.Sample;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A fixed piece of work that a guest does and measures.
 *
 * @param variant its name in the results
 * @param command for the guest's shell; it prints a line {@code METRIC=value*count,...} for each metric
 */
record Work(String variant, String command) {
    /** Operations a second. */
    static final String RATE = "rate";

    /** Bits a second. */
    static final String THROUGHPUT = "throughput";

    /** From request to completion, as the guest sees it. */
    static final String LATENCY = "latency";

    private static final Pattern RESULT =
            Pattern.compile("^(%s|%s|%s)=(\\S+)$".formatted(RATE, THROUGHPUT, LATENCY), Pattern.MULTILINE);

    static String unit(String metric) {
        return switch (metric) {
            case RATE -> "1/s";
            case THROUGHPUT -> "Mbit/s";
            default -> "ns";
        };
    }

    /** The results in what the command printed; empty if it failed. */
    static Map<String, SortedMap<Long, Long>> results(String printed) {
        Map<String, SortedMap<Long, Long>> results = new LinkedHashMap<>();
        Matcher matcher = RESULT.matcher(printed);
        while (matcher.find()) {
            String metric = matcher.group(1);
            Sample.counts(matcher.group(2)).ifPresent(counts -> results.put(metric, counts));
        }
        return results;
    }
}
