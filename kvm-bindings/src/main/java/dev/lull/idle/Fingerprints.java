package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Finds, page by page of 4096 bytes, what memory of a guest is zero, equal to a page of a base image, or equal to a page that came
 * before. Pages the host has not provided are left alone. Equality is that of 64-bit fingerprints.
 */
public final class Fingerprints extends NativeTask {
    private Fingerprints(List<MemorySegment> memory, boolean whole) {
        super("lull_fingerprint_step", IdleLayout.Fingerprint.SIZE);
        GuestRegions regions = GuestRegions.of(memory, this);
        long pages = regions.pages();
        task.set(JAVA_LONG, IdleLayout.Fingerprint.REGIONS, regions.array().address());
        task.set(JAVA_LONG, IdleLayout.Fingerprint.REGION_COUNT, regions.count());
        task.set(JAVA_LONG, IdleLayout.Fingerprint.WHOLE, whole ? 1 : 0);
        // A power of two, never more than half full.
        long capacity = Long.highestOneBit(Math.max(pages, 1)) << 2;
        MemorySegment own = allocate(capacity * Long.BYTES);
        task.set(JAVA_LONG, IdleLayout.Fingerprint.OWN__SLOTS, own.address());
        task.set(JAVA_LONG, IdleLayout.Fingerprint.OWN__CAPACITY, capacity);
    }

    /**
     * A walk through the memory of a guest; takes memory of its own, up to 32 bytes a page.
     *
     * @param memory each of at least a page, mapped until this is closed
     */
    public static Fingerprints ofMemory(List<MemorySegment> memory) {
        return new Fingerprints(memory, false);
    }

    /**
     * A walk through a base image.
     *
     * @param image of at least a page, mapped until this is closed; what comes after its last whole page is left out
     */
    public static Fingerprints ofImage(MemorySegment image) {
        return new Fingerprints(List.of(image), true);
    }

    /**
     * Compares with the pages of a base image as well; before the first step.
     *
     * @param image done, and closed after this
     */
    public void compareWith(Fingerprints image) {
        for (long member : new long[] {0, Long.BYTES}) {
            long value = image.task.get(JAVA_LONG, IdleLayout.Fingerprint.OWN__SLOTS + member);
            task.set(JAVA_LONG, IdleLayout.Fingerprint.BASE__SLOTS + member, value);
        }
    }

    /** Pages the host has not provided, so far, as for all of these counts. */
    public long absentPages() {
        return task.get(JAVA_LONG, IdleLayout.Fingerprint.ABSENT_PAGES);
    }

    /** Pages that were all zero. */
    public long zeroPages() {
        return task.get(JAVA_LONG, IdleLayout.Fingerprint.ZERO_PAGES);
    }

    /** Pages of the base image. */
    public long basePages() {
        return task.get(JAVA_LONG, IdleLayout.Fingerprint.BASE_PAGES);
    }

    /** Pages equal to another one that was counted before. */
    public long duplicatePages() {
        return task.get(JAVA_LONG, IdleLayout.Fingerprint.DUPLICATE_PAGES);
    }
}
