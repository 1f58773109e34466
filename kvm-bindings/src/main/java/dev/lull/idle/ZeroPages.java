package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.LinuxException;
import dev.lull.linux.Mapping;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Gives the pages of a guest's memory that are all zero back to the host, in one walk; they are zero when the guest next touches
 * them. The guest may write meanwhile: {@code native/core/lullreclaim.h} says why no write is lost.
 */
public final class ZeroPages extends NativeTask {
    private final Fd pagemap;
    private final MemorySegment reads;

    /**
     * A walk through the memory of a guest.
     *
     * @param memory each of at least a page, private, anonymous and not of the pool of huge pages; mapped until this is closed
     * @param reads an {@code int}, not 0 while somebody may have pages of it pinned to write them, as a read by direct I/O does;
     *     counted up before it pins any, and down after it wrote
     * @throws IdleUnavailable if this process may not hold up writes to its memory
     */
    public ZeroPages(List<MemorySegment> memory, MemorySegment reads) {
        super("lull_reclaim_step", ReclaimLayout.SIZE);
        this.reads = reads;
        GuestRegions regions = GuestRegions.of(memory, this);
        task.set(JAVA_LONG, ReclaimLayout.REGIONS, regions.array().address());
        task.set(JAVA_LONG, ReclaimLayout.REGION_COUNT, regions.count());
        task.set(JAVA_LONG, ReclaimLayout.READS, reads.address());
        try {
            task.set(JAVA_INT, ReclaimLayout.USERFAULTS_FD, WriteHold.on(memory));
            pagemap = Fd.open("/proc/self/pagemap", LinuxConstants.O_RDONLY);
        } catch (LinuxException e) {
            super.close();
            throw new IdleUnavailable("it cannot be told which pages are there (" + e.getMessage() + ")");
        } catch (IdleUnavailable e) {
            super.close();
            throw e;
        }
        task.set(JAVA_INT, ReclaimLayout.PAGEMAP_FD, pagemap.number());
    }

    /** The error number for which it had to end before its end; 0 if none. */
    public int error() {
        return (int) get(ReclaimLayout.ERROR);
    }

    /** Bytes given back, so far, as for all of these. */
    public long returnedBytes() {
        return get(ReclaimLayout.RETURNED_PAGES) * Mapping.PAGE_BYTES;
    }

    /** Pages that were all zero when looked at. */
    public long zeroPages() {
        return get(ReclaimLayout.ZERO_PAGES);
    }

    /** Pages the host has not provided, or shares among several. */
    public long absentPages() {
        return get(ReclaimLayout.ABSENT_PAGES);
    }

    /** Pages that are zero but stay: few in what may be a huge page. */
    public long keptPages() {
        return get(ReclaimLayout.KEPT_PAGES);
    }

    /** Pages written between the look and the moment of giving them back; they stay. */
    public long rewrittenPages() {
        return get(ReclaimLayout.REWRITTEN_PAGES);
    }

    /** Moments in which writers of some pages were held. */
    public long holds() {
        return get(ReclaimLayout.HOLDS);
    }

    /** The longest of them, in nanoseconds. */
    public long longestHoldNanos() {
        return get(ReclaimLayout.LONGEST_HOLD_NANOS);
    }

    /** How often it was put off for reads under way. */
    public long putOff() {
        return get(ReclaimLayout.PUT_OFF);
    }

    /** Whether a read into the memory is under way. */
    public boolean isPutOff() {
        return reads.get(JAVA_INT, 0) != 0;
    }

    @Override
    public void close() {
        pagemap.close();
        super.close();
    }

    private long get(int member) {
        return task.get(JAVA_LONG, member);
    }
}
