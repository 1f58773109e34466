package dev.lull.agent.machine;

import dev.lull.agent.boot.BootState;
import dev.lull.device.loop.Uninterrupted;
import dev.lull.device.memory.GuestMemory;
import dev.lull.linux.Mapping;
import java.util.List;

/**
 * Provides the memory that Linux touches first while the rest of the machine is put together, on a thread of its own, so
 * that the guest need not wait for each page of it: its BSS and what it allocates from until its first process runs.
 *
 * <p>Boot memory is taken from the top of RAM down, most of it for the array that describes each page ({@code memmap}, 64
 * bytes for 4096); the page allocator then begins behind the kernel.
 */
final class EarlyMemory implements AutoCloseable {
    private static final long PAGE_BYTES = 4096;
    private static final long BEHIND_KERNEL_BYTES = 24L << 20;
    private static final long TOP_BYTES = 4L << 20;
    private static final long MAX_TOP_BYTES = 64L << 20;

    private final Thread thread;

    private EarlyMemory(Thread thread) {
        this.thread = thread;
    }

    /** Begins; whoever unmaps {@code memory} closes this first. */
    static EarlyMemory populate(String machine, GuestMemory memory, BootState boot) {
        List<GuestMemory.Region> regions = memory.regions();
        Thread thread = new Thread(
                () -> {
                    GuestMemory.Region low = regions.getFirst();
                    populate(low, boot.imageGpa(), Math.min(boot.imageEndGpa() + BEHIND_KERNEL_BYTES, low.endGpa()));
                    GuestMemory.Region top = regions.getLast();
                    long topBytes = Math.min(memory.sizeBytes() / 64 + TOP_BYTES, MAX_TOP_BYTES);
                    populate(top, Math.max(top.endGpa() - topBytes, top.gpa()), top.endGpa());
                },
                machine + "-memory");
        thread.start();
        return new EarlyMemory(thread);
    }

    private static void populate(GuestMemory.Region region, long fromGpa, long toGpa) {
        long offsetBytes = (fromGpa - region.gpa()) & -PAGE_BYTES;
        // Should it fail, the guest meets the reason at its first touch, or does not touch these pages.
        Mapping.populate(region.segment(), offsetBytes, (toGpa - region.gpa() - offsetBytes) & -PAGE_BYTES);
    }

    /** Waits for the end of it, interrupted or not: milliseconds. */
    void await() {
        Uninterrupted.await(thread::join);
    }

    @Override
    public void close() {
        await();
    }
}
