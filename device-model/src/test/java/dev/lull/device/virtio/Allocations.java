package dev.lull.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;

/** What code allocates once it is compiled; before, calls of native functions do. */
public final class Allocations {
    /** A busy machine compiles late. */
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    /** Less than an object for each of a thousand requests. */
    private static final long NONE_BYTES = 1000;

    private Allocations() {}

    /** Runs {@code manyRequests}, thousands, until a round allocates nothing; fails if none does. */
    public static void assertNone(Runnable manyRequests) {
        long least = Long.MAX_VALUE;
        long start = System.nanoTime();
        while (least > NONE_BYTES && System.nanoTime() - start < PATIENCE_NANOS) {
            long before = allocatedBytes();
            manyRequests.run();
            least = Math.min(least, allocatedBytes() - before);
        }
        assertThat(least).isLessThanOrEqualTo(NONE_BYTES);
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
