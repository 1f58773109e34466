package dev.lull.perf.report;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** The values of one metric of one subject, round by round. Used by one thread. */
public final class Series {
    private static final int SIGNIFICANT_DIGITS = 3;

    private final String subject;
    private final String variant;
    private final String metric;
    private final String unit;
    private final List<Histogram> rounds = new ArrayList<>();

    Series(String subject, String variant, String metric, String unit) {
        this.subject = subject;
        this.variant = variant;
        this.metric = metric;
        this.unit = unit;
    }

    /** Begins a round: what is recorded from now on belongs to it. */
    public void beginRound() {
        Histogram round = new Histogram(SIGNIFICANT_DIGITS);
        round.setAutoResize(true);
        round.setStartTimeStamp(System.currentTimeMillis());
        rounds.add(round);
    }

    /** Records one value of the current round; a negative one, which a clock set back could give, counts as 0. */
    public void record(long value) {
        record(value, 1);
    }

    /** Records a value {@code count} times. */
    public void record(long value, long count) {
        if (rounds.isEmpty()) {
            beginRound();
        }
        Histogram round = rounds.getLast();
        round.recordValueWithCount(Math.max(value, 0), count);
        round.setEndTimeStamp(System.currentTimeMillis());
    }

    /** The values of all rounds. */
    public Histogram all() {
        Histogram all = new Histogram(SIGNIFICANT_DIGITS);
        all.setAutoResize(true);
        rounds.forEach(all::add);
        return all;
    }

    /** The median of each round. */
    public long[] medians() {
        return rounds.stream()
                .mapToLong(round -> round.getValueAtPercentile(50))
                .toArray();
    }

    List<Histogram> rounds() {
        return rounds;
    }

    /** What was measured. */
    public String subject() {
        return subject;
    }

    /** Under which conditions. */
    public String variant() {
        return variant;
    }

    /** Which quantity. */
    public String metric() {
        return metric;
    }

    /** In which unit. */
    public String unit() {
        return unit;
    }
}
