package dev.lull.perf.boot;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one run measured, as the worker writes it: {@code run 3 lull process-to-init=7 vm-to-init=4}.
 *
 * @param round from 1; 0 is the warm-up
 * @param nanos by metric
 */
record RunLine(int round, String subject, Map<String, Long> nanos) {
    private static final Pattern FORM = Pattern.compile("run (\\d{1,9}) (\\S+)((?: [a-z-]+=\\d{1,18})+)");

    RunLine {
        nanos = Collections.unmodifiableMap(new LinkedHashMap<>(nanos));
    }

    /** Empty where {@code line} is something else. */
    static Optional<RunLine> parse(String line) {
        Matcher matcher = FORM.matcher(line);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Map<String, Long> nanos = new LinkedHashMap<>();
        for (String reading : matcher.group(3).strip().split(" ", -1)) {
            int equals = reading.indexOf('=');
            nanos.put(reading.substring(0, equals), Long.valueOf(reading.substring(equals + 1)));
        }
        return Optional.of(new RunLine(Integer.parseInt(matcher.group(1)), matcher.group(2), nanos));
    }

    @Override
    public String toString() {
        StringBuilder line = new StringBuilder("run ").append(round).append(' ').append(subject);
        nanos.forEach(
                (metric, value) -> line.append(' ').append(metric).append('=').append(value));
        return line.toString();
    }
}
