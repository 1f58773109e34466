package dev.lull.agent.idle;

import dev.lull.agent.idle.ActivityHistory.Unit;
import dev.lull.agent.machine.Management;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import dev.lull.idle.IdleOutcome;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Rolls up what a machine counts, second by second, into minutes and hours. It has no end; a second in which its guest does not
 * rest is made up for later, as part of a longer one.
 */
public final class RollUpTask implements Task {
    private static final long SECOND_NANOS = 1_000_000_000;
    private static final double NANOS_PER_MICRO = 1e3;
    private static final int PERCENTILE = 99;

    /** What a kind of request had counted when it was last looked at. */
    private record Counted(long requests, long bytes, long failures) {
        static Counted of(RequestStats stats) {
            return new Counted(stats.requests(), stats.bytes(), stats.failures());
        }
    }

    private final LongSupplier exits;
    private final Supplier<List<DeviceStats>> devices;
    private final NanoClock clock;
    private final ActivityHistory history = new ActivityHistory();
    private final Histogram nanos = new Histogram(RequestStats.HIGHEST_NANOS, 2);
    private Map<RequestStats, Counted> counted = new HashMap<>();
    private long countedExits;
    private long lookedNanos;

    /** From now on, of {@code machine}. */
    public RollUpTask(Management machine) {
        this(machine::exits, machine::deviceStats, SystemNanoClock.INSTANCE);
    }

    RollUpTask(LongSupplier exits, Supplier<List<DeviceStats>> devices, NanoClock clock) {
        this.exits = exits;
        this.devices = devices;
        this.clock = clock;
        look(new Activity());
    }

    @Override
    public String name() {
        return TaskKind.ROLL_UP.toString();
    }

    @Override
    public IdleOutcome step(long budgetNanos) {
        if (clock.nanoTime() - lookedNanos >= SECOND_NANOS) {
            Activity second = new Activity();
            look(second);
            history.add(second);
        }
        return IdleOutcome.BLOCKED;
    }

    @Override
    public long blockedNanos() {
        return Math.max(1, lookedNanos + SECOND_NANOS - clock.nanoTime());
    }

    /** What was rolled up. */
    public ActivityHistory history() {
        return history;
    }

    @Override
    public String result() {
        Activity minute = history.last(Unit.SECONDS);
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "%.1f exits/s in the last %d s",
                minute.exitsPerSecond(),
                Math.round((double) minute.elapsedNanos() / SECOND_NANOS)));
        minute.requests()
                .forEach((kind, requests) -> line.append(String.format(
                        Locale.ROOT,
                        ", %s %.1f/s with a p99 of %.1f us",
                        kind,
                        minute.perSecond(requests),
                        requests.nanos().getValueAtPercentile(PERCENTILE) / NANOS_PER_MICRO)));
        return line.append("; ")
                .append(history.count(Unit.MINUTES))
                .append(" minutes and ")
                .append(history.count(Unit.HOURS))
                .append(" hours kept")
                .toString();
    }

    @Override
    public void close() {}

    /** Adds to {@code activity} what was counted since the last look. Of a device that came meanwhile all is new. */
    private void look(Activity activity) {
        long now = clock.nanoTime();
        long exitsNow = exits.getAsLong();
        activity.addTime(now - lookedNanos, exitsNow - countedExits);
        lookedNanos = now;
        countedExits = exitsNow;
        Map<RequestStats, Counted> seen = new HashMap<>();
        for (DeviceStats device : devices.get()) {
            for (RequestStats stats : device.requests()) {
                Counted before = counted.getOrDefault(stats, new Counted(0, 0, 0));
                Counted after = Counted.of(stats);
                seen.put(stats, after);
                nanos.reset();
                stats.takeNanos(nanos);
                if (after.requests != before.requests) {
                    activity.addRequests(
                            stats.name(),
                            after.requests - before.requests,
                            after.bytes - before.bytes,
                            after.failures - before.failures,
                            nanos);
                }
            }
        }
        counted = seen;
    }
}
