package dev.lull.device.virtio;

import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;
import org.agrona.concurrent.status.AtomicCounter;
import org.jspecify.annotations.Nullable;

/**
 * What became of one kind of a device's requests: how many, how large, how many failed, and the time from the queue to
 * completion.
 *
 * <p>One thread records at a time, without allocating or waiting; any thread reads. The counters of a device with several
 * queues on several threads are several objects.
 */
public final class RequestStats {
    /** The longest time told apart from longer ones, in nanoseconds. */
    public static final long HIGHEST_NANOS = 100_000_000_000L;

    private static final int SIGNIFICANT_DIGITS = 2;

    private final DeviceStats device;
    private final String operation;
    private final AtomicCounter requests;
    private final AtomicCounter bytes;
    private final AtomicCounter failures;
    private final SingleWriterRecorder recorder = new SingleWriterRecorder(HIGHEST_NANOS, SIGNIFICANT_DIGITS);

    /** Made when first asked for: most are never, and each is 32 KB. */
    private @Nullable Histogram total;

    private @Nullable Histogram recent;

    /** What {@link #takeNanos} will take; made when it is first called. */
    private @Nullable Histogram taken;

    /** Of what was gathered last. */
    private long p99Nanos;

    /** Made when there is something to publish. */
    private @Nullable AtomicCounter p99Counter;

    private long requestsAtRefresh;

    RequestStats(DeviceStats device, String operation) {
        this.device = device;
        this.operation = operation;
        this.requests = device.newCounter(operation + ".requests");
        this.bytes = device.newCounter(operation + ".bytes");
        this.failures = device.newCounter(operation + ".failures");
    }

    /**
     * A request was taken from its queue at {@code startNanos} and done at {@code endNanos}.
     *
     * @param lengthBytes the data it moved
     */
    public void record(long startNanos, long endNanos, long lengthBytes) {
        recorder.recordValue(Math.clamp(endNanos - startNanos, 0, HIGHEST_NANOS));
        bytes.setRelease(bytes.getPlain() + lengthBytes);
        requests.setRelease(requests.getPlain() + 1);
    }

    /** A request ended with an error, which the guest was told; it counts as a request, too. */
    public void recordFailure(long startNanos, long endNanos) {
        failures.setRelease(failures.getPlain() + 1);
        record(startNanos, endNanos, 0);
    }

    /** The name that stays: device and operation, such as {@code disk0.read}. */
    public String name() {
        return device.device() + '.' + operation;
    }

    /** How many requests have ended, failed ones among them. */
    public long requests() {
        return requests.get();
    }

    /** How many bytes they moved. */
    public long bytes() {
        return bytes.get();
    }

    /** How many of them failed. */
    public long failures() {
        return failures.get();
    }

    /** The times of all requests so far, in nanoseconds; the caller's own copy. */
    public synchronized Histogram nanos() {
        return gather().copy();
    }

    /**
     * Adds the times of the requests that have ended since the last call to {@code to}; at the first call there are none. For one
     * caller that gathers.
     */
    public synchronized void takeNanos(Histogram to) {
        if (taken == null) {
            gather();
            taken = new Histogram(HIGHEST_NANOS, SIGNIFICANT_DIGITS);
        } else {
            gather();
            to.add(taken);
            taken.reset();
        }
    }

    /**
     * Publishes the 99th percentile of the requests that have ended since the last call, as the counter {@code p99-nanos}:
     * 0 if there were none. Where {@link #nanos} or {@link #takeNanos} was called meanwhile, only of those before or after that.
     */
    synchronized void refresh() {
        long now = requests.get();
        if (now != requestsAtRefresh) {
            requestsAtRefresh = now;
            gather();
            if (p99Counter == null) {
                p99Counter = device.newCounter(operation + ".p99-nanos");
            }
            p99Counter.setRelease(p99Nanos);
        } else if (p99Counter != null) {
            p99Counter.setRelease(0);
        }
    }

    /** Adds to {@link #total} what was recorded since it was last done. */
    private Histogram gather() {
        Histogram interval = recorder.getIntervalHistogram(recent);
        recent = interval;
        if (total == null) {
            total = new Histogram(HIGHEST_NANOS, SIGNIFICANT_DIGITS);
        }
        if (interval.getTotalCount() > 0) {
            total.add(interval);
            if (taken != null) {
                taken.add(interval);
            }
            p99Nanos = interval.getValueAtPercentile(99);
        }
        return total;
    }
}
