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

    private final String name;
    private final AtomicCounter requests;
    private final AtomicCounter bytes;
    private final AtomicCounter failures;
    private final SingleWriterRecorder recorder = new SingleWriterRecorder(HIGHEST_NANOS, SIGNIFICANT_DIGITS);

    /** Made when first asked for: most are never, and each is 32 KB. */
    private @Nullable Histogram total;

    private @Nullable Histogram recent;

    RequestStats(String name, AtomicCounter requests, AtomicCounter bytes, AtomicCounter failures) {
        this.name = name;
        this.requests = requests;
        this.bytes = bytes;
        this.failures = failures;
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
        return name;
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
        Histogram interval = recorder.getIntervalHistogram(recent);
        recent = interval;
        if (total == null) {
            total = new Histogram(HIGHEST_NANOS, SIGNIFICANT_DIGITS);
        }
        total.add(interval);
        return total.copy();
    }
}
