package dev.lull.agent.idle;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What a machine did in each of its last 60 seconds, 60 minutes and 24 hours. A minute is 60 of what was added, however long each
 * lasted; its {@link Activity#elapsedNanos} says how long it was.
 */
public final class ActivityHistory {
    /** Of what {@link #last} adds up. */
    public enum Unit {
        SECONDS,
        MINUTES,
        HOURS
    }

    /** The last of one unit; so many of them as are kept make one of the next. */
    private static final class Ring {
        private final int capacity;
        private final @Nullable Ring next;
        private final Deque<Activity> kept = new ArrayDeque<>();
        private Activity sum = new Activity();
        private int summed;

        Ring(int capacity, @Nullable Ring next) {
            this.capacity = capacity;
            this.next = next;
        }

        void add(Activity activity) {
            if (kept.size() == capacity) {
                kept.removeFirst();
            }
            kept.addLast(activity);
            if (next == null) {
                return;
            }
            sum.add(activity);
            if (++summed == capacity) {
                next.add(sum);
                sum = new Activity();
                summed = 0;
            }
        }
    }

    private final Ring hours = new Ring(24, null);
    private final Ring minutes = new Ring(60, hours);
    private final Ring seconds = new Ring(60, minutes);

    /** Another second has gone by. */
    public synchronized void add(Activity second) {
        seconds.add(second);
    }

    /** All that are kept of a unit, added up. */
    public synchronized Activity last(Unit unit) {
        Activity all = new Activity();
        ring(unit).kept.forEach(all::add);
        return all;
    }

    /** How many are kept of a unit. */
    public synchronized int count(Unit unit) {
        return ring(unit).kept.size();
    }

    private Ring ring(Unit unit) {
        return switch (unit) {
            case SECONDS -> seconds;
            case MINUTES -> minutes;
            case HOURS -> hours;
        };
    }
}
