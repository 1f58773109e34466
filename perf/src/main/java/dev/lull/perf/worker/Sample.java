package dev.lull.perf.worker;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a subject gave in one variant of one round, as the worker writes it: {@code sample 2 lull randread-4k-depth-1 latency
 * 21000*5,23000*1}.
 *
 * @param round from 1; 0 is the warm-up
 * @param counts how often, by value
 */
public record Sample(int round, String subject, String variant, String metric, SortedMap<Long, Long> counts) {
    private static final Pattern FORM = Pattern.compile("sample (\\d{1,9}) (\\S+) (\\S+) (\\S+) (\\S+)");
    private static final Pattern COUNT = Pattern.compile("(\\d{1,18})\\*(\\d{1,18})");

    /** Keeps the counts as they are. */
    public Sample {
        counts = Collections.unmodifiableSortedMap(new TreeMap<>(counts));
    }

    /** Empty where {@code line} is something else. */
    public static Optional<Sample> parse(String line) {
        Matcher matcher = FORM.matcher(line);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        return counts(matcher.group(5))
                .map(counts -> new Sample(
                        Integer.parseInt(matcher.group(1)),
                        matcher.group(2),
                        matcher.group(3),
                        matcher.group(4),
                        counts));
    }

    /** Reads {@code value*count,value*count}; empty where {@code text} is something else. */
    public static Optional<SortedMap<Long, Long>> counts(String text) {
        SortedMap<Long, Long> counts = new TreeMap<>();
        for (String one : text.split(",", -1)) {
            Matcher matcher = COUNT.matcher(one);
            if (!matcher.matches()) {
                return Optional.empty();
            }
            counts.merge(Long.valueOf(matcher.group(1)), Long.valueOf(matcher.group(2)), Long::sum);
        }
        return Optional.of(counts);
    }

    /** Counts as {@link #counts(String)} reads them. */
    public static String text(SortedMap<Long, Long> counts) {
        return counts.entrySet().stream()
                .map(one -> one.getKey() + "*" + one.getValue())
                .collect(Collectors.joining(","));
    }

    @Override
    public String toString() {
        return "sample %d %s %s %s %s".formatted(round, subject, variant, metric, text(counts));
    }
}
