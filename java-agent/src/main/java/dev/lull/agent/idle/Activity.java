package dev.lull.agent.idle;

import dev.lull.device.virtio.RequestStats;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/** What a machine did in some time: exits and, of each kind of a device's requests, how many, how large, how long they took. */
public final class Activity {
    private static final double NANOS_PER_SECOND = 1e9;

    /** Enough to tell a slow disk from a fast one; a hundred of these are kept. */
    private static final int DIGITS = 1;

    /** Of one kind of request. */
    public static final class Requests {
        private final Histogram nanos = new Histogram(RequestStats.HIGHEST_NANOS, DIGITS);
        private long count;
        private long bytes;
        private long failures;

        /** How many ended. */
        public long count() {
            return count;
        }

        /** What they moved. */
        public long bytes() {
            return bytes;
        }

        /** How many failed. */
        public long failures() {
            return failures;
        }

        /** What they took, in nanoseconds; not to be changed. */
        public Histogram nanos() {
            return nanos;
        }
    }

    private final Map<String, Requests> requests = new TreeMap<>();
    private long elapsedNanos;
    private long exits;

    /** How long the time was. */
    public long elapsedNanos() {
        return elapsedNanos;
    }

    /** How often vCPUs left the guest. */
    public long exits() {
        return exits;
    }

    /** How often they did so in a second; 0 of no time. */
    public double exitsPerSecond() {
        return perSecond(exits);
    }

    /** How many requests ended in a second; 0 of no time. */
    public double perSecond(Requests kind) {
        return perSecond(kind.count);
    }

    /** By the name of their kind, such as {@code disk0.read}: those of which some ended. */
    public Map<String, Requests> requests() {
        return Map.copyOf(requests);
    }

    void addTime(long nanos, long moreExits) {
        elapsedNanos += nanos;
        exits += moreExits;
    }

    void addRequests(String kind, long count, long bytes, long failures, Histogram nanos) {
        Requests sum = requests.computeIfAbsent(kind, any -> new Requests());
        sum.count += count;
        sum.bytes += bytes;
        sum.failures += failures;
        sum.nanos.add(nanos);
    }

    void add(Activity later) {
        addTime(later.elapsedNanos, later.exits);
        later.requests.forEach((kind, more) -> addRequests(kind, more.count, more.bytes, more.failures, more.nanos));
    }

    private double perSecond(long count) {
        return elapsedNanos == 0 ? 0 : count * NANOS_PER_SECOND / elapsedNanos;
    }
}
