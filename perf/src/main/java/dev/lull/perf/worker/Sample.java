package dev.lull.perf.load;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What one piece of work gave, as the worker writes it: {@code sample 2 lull randread-4k-depth-1 latency 21000*5,23000*1}.
 *
 * @param round from 1; 0 is the warm-up
 * @param variant the work
 * @param counts how often, by value
 */
record Sample(int round, String subject, String variant, String metric, SortedMap<Long, Long> counts) {
    private static final Pattern FORM = Pattern.compile(
            "sample (\\d{1,9}) (\\S+) (\\S+) (\\S+) (\\d{1,18}\\*\\d{1,18}(?:,\\d{1,18}\\*\\d{1,18})*)");

    Sample {
        counts = Collections.unmodifiableSortedMap(new TreeMap<>(counts));
    }

    /** Empty where {@code line} is something else. */
    static Optional<Sample> parse(String line) {
        Matcher matcher = FORM.matcher(line);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        return Optional.of(new Sample(
                Integer.parseInt(matcher.group(1)),
                matcher.group(2),
                matcher.group(3),
                matcher.group(4),
                counts(matcher.group(5))));
    }

    /** Reads {@code value*count,value*count}. */
    static SortedMap<Long, Long> counts(String text) {
        SortedMap<Long, Long> counts = new TreeMap<>();
        for (String one : text.split(",", -1)) {
            int star = one.indexOf('*');
            counts.merge(Long.valueOf(one.substring(0, star)), Long.valueOf(one.substring(star + 1)), Long::sum);
        }
        return counts;
    }

    @Override
    public String toString() {
        return counts.entrySet().stream()
                .map(one -> one.getKey() + "*" + one.getValue())
                .collect(Collectors.joining(",", "sample %d %s %s %s ".formatted(round, subject, variant, metric), ""));
    }
}
