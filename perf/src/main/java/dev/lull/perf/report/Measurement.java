package dev.lull.perf.report;

import org.HdrHistogram.Histogram;

/**
 * One metric of one subject, as every scenario's {@code --json} gives it.
 *
 * @param subject what was measured: {@code lull}, a peer, {@code baseline}, {@code control}
 * @param variant under which conditions; empty where there is but one
 * @param unit of {@code min} to {@code max}, for example {@code ns}
 */
public record Measurement(
        String scenario,
        String subject,
        String variant,
        String metric,
        String unit,
        long count,
        long min,
        long p50,
        long p90,
        long p99,
        long p999,
        long max) {

    static Measurement of(String scenario, Series series) {
        Histogram all = series.all();
        return new Measurement(
                scenario,
                series.subject(),
                series.variant(),
                series.metric(),
                series.unit(),
                all.getTotalCount(),
                all.getMinValue(),
                all.getValueAtPercentile(50),
                all.getValueAtPercentile(90),
                all.getValueAtPercentile(99),
                all.getValueAtPercentile(99.9),
                all.getMaxValue());
    }

    String json() {
        return ("{\"scenario\":%s,\"subject\":%s,\"variant\":%s,\"metric\":%s,\"unit\":%s,\"count\":%d,"
                        + "\"min\":%d,\"p50\":%d,\"p90\":%d,\"p99\":%d,\"p999\":%d,\"max\":%d}")
                .formatted(
                        quote(scenario),
                        quote(subject),
                        quote(variant),
                        quote(metric),
                        quote(unit),
                        count,
                        min,
                        p50,
                        p90,
                        p99,
                        p999,
                        max);
    }

    private static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append((char) c);
            } else if (c < ' ') {
                quoted.append("\\u%04x".formatted(c));
            } else {
                quoted.append((char) c);
            }
        });
        return quoted.append('"').toString();
    }
}
