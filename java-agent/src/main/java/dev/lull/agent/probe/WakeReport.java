package dev.lull.agent.probe;

import java.util.Collections;
import java.util.Iterator;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;

/**
 * What {@code wake} measured inside a guest, see {@code native/guest/tool/wake.c}: how late it woke, or answered.
 *
 * @param fifo whether it ran in {@code SCHED_FIFO}: else some of the latency is of the guest's own scheduler
 * @param periodNanos between two times at which it had something to do
 * @param late how often it was not yet done when the next was due
 * @param elapsedNanos from when the first was due until the last was done
 * @param cpuNanos the processor time it used meanwhile, by the guest's account
 * @param counts how often each latency occurred, by nanoseconds, in 1 part of 256 from below
 */
public record WakeReport(
        boolean fifo, long periodNanos, long late, long elapsedNanos, long cpuNanos, SortedMap<Long, Long> counts) {
    /** What the probe prints when it is about to measure. */
    public static final String STARTED = "wake: started";

    /** What it prints when it has measured. */
    public static final String FINISHED = "wake: finished";

    private static final String END = "wake: end";
    private static final int SIGNIFICANT_DIGITS = 3;
    private static final String NUMBER = "(\\d{1,18})";

    private static final Pattern START = Pattern.compile(
            STARTED + " period_nanos=" + NUMBER + " loops=" + NUMBER + " cpu=" + NUMBER + " fifo=([01])");
    private static final Pattern FINISH =
            Pattern.compile(FINISHED + " count=%1$s late=%1$s elapsed_nanos=%1$s cpu_nanos=%1$s".formatted(NUMBER));
    private static final Pattern BUCKET = Pattern.compile(NUMBER + " " + NUMBER);

    /** What was not printed by {@code wake}, or not whole. */
    public static final class ProbeException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ProbeException(String message) {
            super(message);
        }
    }

    /** Keeps the counts as they are. */
    public WakeReport {
        counts = Collections.unmodifiableSortedMap(new TreeMap<>(counts));
    }

    /**
     * Reads a report out of what a console gave.
     *
     * @param printed may have other lines before and after the report, but none within
     * @throws ProbeException if there is none, or something is amiss
     */
    public static WakeReport parse(String printed) {
        Iterator<String> lines = printed.lines().map(String::stripTrailing).iterator();
        Matcher start = find(START, lines, printed);
        Matcher finish = find(FINISH, lines, printed);
        SortedMap<Long, Long> counts = new TreeMap<>();
        long expected = Long.parseLong(finish.group(1));
        long total = 0;
        while (true) {
            String line = lines.hasNext() ? lines.next() : "nothing more";
            Matcher bucket = BUCKET.matcher(line);
            if (!bucket.matches()) {
                if (!line.equals(END) || total != expected) {
                    throw new ProbeException("wake gave %d of %d latencies, then: %s".formatted(total, expected, line));
                }
                break;
            }
            long count = Long.parseLong(bucket.group(2));
            counts.merge(Long.valueOf(bucket.group(1)), count, Long::sum);
            total += count;
        }
        return new WakeReport(
                start.group(4).equals("1"),
                Long.parseLong(start.group(1)),
                Long.parseLong(finish.group(2)),
                Long.parseLong(finish.group(3)),
                Long.parseLong(finish.group(4)),
                counts);
    }

    private static Matcher find(Pattern pattern, Iterator<String> lines, String printed) {
        while (lines.hasNext()) {
            Matcher matcher = pattern.matcher(lines.next());
            if (matcher.matches()) {
                return matcher;
            }
        }
        throw new ProbeException(
                "no '%s' in what wake printed: %s".formatted(pattern == START ? STARTED : FINISHED, printed.strip()));
    }

    /** How many latencies there are. */
    public long count() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /** The latencies in nanoseconds. */
    public Histogram latency() {
        Histogram latency = new Histogram(SIGNIFICANT_DIGITS);
        latency.setAutoResize(true);
        counts.forEach(latency::recordValueWithCount);
        return latency;
    }
}
