package dev.lull.device.memory;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The RAM a guest sees: disjoint regions ordered by guest-physical address (GPA), each one bounded segment.
 *
 * <p>The bounds of those segments are what contains a hostile guest, so nothing else hands out guest RAM.
 */
public final class GuestMemory {

    /**
     * One contiguous piece of guest RAM.
     *
     * @param gpa first guest-physical address, in bytes, page aligned
     * @param segment the host's mapping of it; its size is the region's size
     */
    public record Region(long gpa, MemorySegment segment) {
        /** First guest-physical address behind the region. */
        public long endGpa() {
            return gpa + segment.byteSize();
        }
    }

    private final Region[] regions;
    private volatile @Nullable WrittenPages written;
    private final MemorySegment reads = Arena.ofAuto().allocate(JAVA_INT);
    private int readsUnderWay;

    /** @param regions disjoint and in ascending order of GPA */
    public GuestMemory(List<Region> regions) {
        this.regions = regions.toArray(Region[]::new);
        for (int i = 1; i < this.regions.length; i++) {
            if (this.regions[i].gpa() < this.regions[i - 1].endGpa()) {
                throw new IllegalArgumentException("guest memory regions overlap or are out of order");
            }
        }
    }

    /** The regions in ascending order of GPA. */
    public List<Region> regions() {
        return List.of(regions);
    }

    /** Has devices note what they write from now on, in {@code pages}; null for no longer. */
    public void noteWrites(@Nullable WrittenPages pages) {
        written = pages;
    }

    /**
     * A device has written {@code [offsetBytes, offsetBytes + lengthBytes)} of a region, or had the host take it back. KVM knows
     * nothing of that, so whoever does it says so, afterwards: what is noted before may be read before. Allocates nothing.
     *
     * @param region the region's segment
     * @param lengthBytes at least 1
     */
    public void wrote(MemorySegment region, long offsetBytes, long lengthBytes) {
        WrittenPages pages = written;
        if (pages != null) {
            pages.mark(region, offsetBytes, lengthBytes);
        }
    }

    /** Guest RAM in bytes, holes not counted. */
    public long sizeBytes() {
        long size = 0;
        for (Region region : regions) {
            size += region.segment().byteSize();
        }
        return size;
    }

    /** The region that holds all of {@code [gpa, gpa + lengthBytes)}; null if none does. Allocates nothing. */
    public @Nullable Region find(long gpa, long lengthBytes) {
        for (Region region : regions) {
            long offset = gpa - region.gpa();
            long sizeBytes = region.segment().byteSize();
            if (offset >= 0 && offset < sizeBytes) {
                return lengthBytes >= 0 && lengthBytes <= sizeBytes - offset ? region : null;
            }
        }
        return null;
    }

    /**
     * The bytes {@code [gpa, gpa + lengthBytes)}.
     *
     * @throws GuestMemoryException when any of them is not RAM, or the range spans two regions
     */
    public MemorySegment slice(long gpa, long lengthBytes) {
        Region region = find(gpa, lengthBytes);
        if (region == null) {
            throw new GuestMemoryException(gpa, lengthBytes);
        }
        return region.segment().asSlice(gpa - region.gpa(), lengthBytes);
    }

    /**
     * The kernel is about to read into guest RAM: it may pin pages and write them later, whatever becomes of them meanwhile. On
     * the devices' loop alone, as {@link #endRead} is.
     */
    public void beginRead() {
        reads.set(JAVA_INT, 0, ++readsUnderWay);
        VarHandle.fullFence();
    }

    /** What {@link #beginRead} told of has ended. */
    public void endRead() {
        VarHandle.releaseFence();
        reads.set(JAVA_INT, 0, --readsUnderWay);
    }

    /** How many of these reads are under way: an {@code int}, for readers outside Java. */
    public MemorySegment reads() {
        return reads;
    }
}
