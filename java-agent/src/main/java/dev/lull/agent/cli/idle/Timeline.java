package dev.lull.agent.cli.idle;

import dev.lull.agent.idle.IdleLogLine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A log of idle time as what was to be seen on each CPU, one thing after the other.
 *
 * @param beginNanos the log's first moment, by the monotonic clock
 * @param lanes of each CPU in its order; last, if there are any, steps on housekeeping CPUs
 */
record Timeline(long beginNanos, long endNanos, List<Lane> lanes) {
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** The number of the lane of steps on housekeeping CPUs. */
    static final int HOUSEKEEPING = -1;

    /** What was known of the guests of a CPU. */
    enum Guests {
        /** All had halted. */
        RESTED,
        /** One woke up and halted again, once; how long it was awake of this time is not known more closely. */
        RAN,
        /** They halted some more times in this time, of which the log says nothing as no step was taken then. */
        UNKNOWN
    }

    /** @param unseen of {@link Guests#UNKNOWN}, how often they halted; −1 if that is not known either */
    record Span(Guests guests, long beginNanos, long endNanos, long unseen) {}

    /** One CPU's. */
    record Lane(int cpu, List<Span> spans, List<IdleLogLine> steps) {}

    /**
     * Reads a log.
     *
     * @throws IOException if it cannot be read, or is none
     */
    static Timeline read(Path log) throws IOException {
        List<IdleLogLine> rests = new ArrayList<>();
        NavigableMap<Integer, List<IdleLogLine>> steps = new TreeMap<>();
        long[] range = {Long.MAX_VALUE, Long.MIN_VALUE};
        IdleLogLine.read(log, line -> {
            range[0] = Math.min(range[0], line.beginNanos());
            range[1] = Math.max(range[1], line.endNanos());
            switch (line.kind()) {
                case REST -> rests.add(line);
                case STEP ->
                    steps.computeIfAbsent(line.beginCpu(), any -> new ArrayList<>())
                            .add(line);
                case OVERDUE ->
                    steps.computeIfAbsent(HOUSEKEEPING, any -> new ArrayList<>())
                            .add(line);
            }
        });
        if (steps.isEmpty()) {
            throw new IOException(log + " has no steps: no task had a rest to be done in");
        }
        List<Lane> lanes = new ArrayList<>();
        for (int cpu : steps.keySet()) {
            List<IdleLogLine> own = steps.getOrDefault(cpu, List.of());
            own.sort(Comparator.comparingLong(IdleLogLine::beginNanos));
            lanes.add(new Lane(
                    cpu,
                    spans(rests.stream()
                            .filter(rest -> cpu != HOUSEKEEPING && rest.beginCpu() == cpu)
                            .sorted(Comparator.comparingLong(IdleLogLine::beginNanos))
                            .toList()),
                    own));
        }
        lanes.sort(Comparator.comparingInt(lane -> lane.cpu == HOUSEKEEPING ? Integer.MAX_VALUE : lane.cpu));
        return new Timeline(range[0], range[1], lanes);
    }

    /** Where the {@code lengthNanos} begin in which most steps did, on a whole millisecond before if there is one. */
    long busiest(long fromNanos, long toNanos, long lengthNanos) {
        List<Long> begins = lanes.stream()
                .flatMap(lane -> lane.steps.stream())
                .map(IdleLogLine::beginNanos)
                .filter(begin -> begin >= fromNanos && begin < toNanos)
                .sorted()
                .toList();
        long best = fromNanos;
        int most = 0;
        for (int first = 0, next = 0; first < begins.size(); first++) {
            while (next < begins.size() && begins.get(next) < begins.get(first) + lengthNanos) {
                next++;
            }
            if (next - first > most) {
                most = next - first;
                best = begins.get(first);
            }
        }
        long begin = best - (best - beginNanos) % NANOS_PER_MILLI;
        return Math.max(fromNanos, Math.min(begin, toNanos - lengthNanos));
    }

    private static List<Span> spans(List<IdleLogLine> rests) {
        List<Span> spans = new ArrayList<>();
        long halts = 0;
        for (IdleLogLine rest : rests) {
            if (!spans.isEmpty()) {
                Span last = spans.getLast();
                long more = rest.halts() - halts;
                if (more == 0) {
                    spans.removeLast();
                    spans.add(new Span(Guests.RESTED, last.beginNanos, Math.max(last.endNanos, rest.endNanos()), 0));
                    continue;
                }
                if (rest.beginNanos() > last.endNanos) {
                    spans.add(new Span(
                            more == 1 ? Guests.RAN : Guests.UNKNOWN,
                            last.endNanos,
                            rest.beginNanos(),
                            more > 0 ? more - 1 : -1));
                }
            }
            halts = rest.halts();
            spans.add(new Span(Guests.RESTED, rest.beginNanos(), rest.endNanos(), 0));
        }
        return spans;
    }
}
