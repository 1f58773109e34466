package dev.lull.device.virtio.balloon;

import dev.lull.device.memory.GuestMemory;
import dev.lull.device.virtio.RequestStats;
import dev.lull.linux.Mapping;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Gathers neighbouring pages, so that the host is asked once for many. Only whole pages of those that back guest RAM can be
 * given back: what a run holds beside them stays.
 */
final class PageRun {
    private final long backingPageBytes;
    private @Nullable GuestMemory memory;
    private @Nullable MemorySegment region;
    private long start;
    private long end;
    private long returnedBytes;
    private boolean refused;

    /** @param backingPageBytes the size of the pages that back guest RAM, a power of two */
    PageRun(long backingPageBytes) {
        this.backingPageBytes = backingPageBytes;
    }

    /** Begins anew: nothing gathered, nothing returned. */
    void begin(GuestMemory guestMemory) {
        memory = guestMemory;
        region = null;
        returnedBytes = 0;
        refused = false;
    }

    /**
     * Adds bytes of guest RAM; gives back what was gathered if they are not beside it.
     *
     * @param found the region of guest RAM they lie in
     */
    void add(MemorySegment found, long offset, long lengthBytes) {
        boolean sameRegion = region != null && region.address() == found.address();
        if (sameRegion && offset == end) {
            end += lengthBytes;
        } else if (sameRegion && offset + lengthBytes == start) {
            start = offset;
        } else {
            giveBack();
            region = found;
            start = offset;
            end = offset + lengthBytes;
        }
    }

    /** Gives what was gathered back to the host. */
    void giveBack() {
        if (region == null || memory == null) {
            return;
        }
        long address = region.address();
        long first = ((address + start + backingPageBytes - 1) & -backingPageBytes) - address;
        long lengthBytes = ((address + end) & -backingPageBytes) - address - first;
        if (lengthBytes > 0) {
            if (Mapping.discard(region, first, lengthBytes) == 0) {
                memory.wrote(region, first, lengthBytes);
                returnedBytes += lengthBytes;
            } else {
                refused = true;
            }
        }
        region = null;
    }

    /** Counts what was given back since {@link #begin} as one request. */
    void record(RequestStats stats, long startNanos, long endNanos) {
        if (refused) {
            stats.recordFailure(startNanos, endNanos);
        } else {
            stats.record(startNanos, endNanos, returnedBytes);
        }
    }
}
