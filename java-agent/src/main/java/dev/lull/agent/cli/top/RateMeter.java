package dev.lull.agent.cli.top;

import dev.lull.agent.machine.CountersReading;
import org.jspecify.annotations.Nullable;

/**
 * One machine's rates, from sample to sample. Its vCPUs' and memory's counters tell their own time, once a second, and what
 * they told stands until they do again; its devices' are of the moment of the sample.
 */
final class RateMeter {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final int PERCENT = 100;

    private @Nullable VmSample last;
    private double busyPercent = Double.NaN;
    private double exits = Double.NaN;
    private double residentBytes = Double.NaN;

    /** Takes the next sample; the rates since the one before. */
    VmRates take(VmSample sample) {
        CountersReading now = sample.counters();
        if (now == null || !sample.vm().isAlive()) {
            last = null;
            busyPercent = Double.NaN;
            exits = Double.NaN;
            residentBytes = Double.NaN;
            return VmRates.UNKNOWN;
        }
        VmSample before = last;
        CountersReading then = before == null ? null : before.counters();
        last = sample;
        if (then != null && then.timeNanos() != 0 && now.timeNanos() > then.timeNanos()) {
            double seconds = (now.timeNanos() - then.timeNanos()) / NANOS_PER_SECOND;
            busyPercent = rise(busyNanos(then), busyNanos(now)) / NANOS_PER_SECOND / seconds * PERCENT;
            exits = rise(exits(then), exits(now)) / seconds;
        }
        if (now.timeNanos() != 0) {
            residentBytes = now.residentBytes();
        }
        double seconds = before == null ? Double.NaN : (sample.atNanos() - before.atNanos()) / NANOS_PER_SECOND;
        RequestRates requests = RequestRates.between(sample.vm(), then, now, seconds);
        return new VmRates(busyPercent, exits, requests, residentBytes);
    }

    /** How much a counter has grown; one that is less than before was begun anew. */
    static double rise(long then, long now) {
        return Math.max(now - then, 0);
    }

    private static long busyNanos(CountersReading reading) {
        return reading.vcpus().stream()
                .mapToLong(CountersReading.Vcpu::busyNanos)
                .sum();
    }

    private static long exits(CountersReading reading) {
        return reading.vcpus().stream().mapToLong(CountersReading.Vcpu::exits).sum();
    }
}
