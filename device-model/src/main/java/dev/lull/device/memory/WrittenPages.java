package dev.lull.device.memory;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * Pages of guest RAM that devices have written, a bit each: KVM notes what the guest writes, and nobody but devices themselves
 * what they do. Any thread sets bits, after it wrote; one thread takes them.
 */
public final class WrittenPages {
    private static final VarHandle WORD = JAVA_LONG.arrayElementVarHandle();
    private static final int PAGE_SHIFT = 12;
    private static final int WORD_SHIFT = 6;

    private final long[] addresses;
    private final MemorySegment[] bitmaps;

    /** No page of {@code regions} is written yet. */
    public WrittenPages(List<GuestMemory.Region> regions) {
        addresses = new long[regions.size()];
        bitmaps = new MemorySegment[regions.size()];
        for (int i = 0; i < bitmaps.length; i++) {
            MemorySegment memory = regions.get(i).segment();
            addresses[i] = memory.address();
            long words = (memory.byteSize() >>> (PAGE_SHIFT + WORD_SHIFT)) + 1;
            bitmaps[i] = Arena.ofAuto().allocate(words * Long.BYTES, Long.BYTES);
        }
    }

    /** The bits of the region of that index, page 0 the lowest of the first word. */
    public MemorySegment bitmap(int region) {
        return bitmaps[region];
    }

    /**
     * Notes that bytes of a region were written. Allocates nothing.
     *
     * @param region its segment
     * @param lengthBytes at least 1
     */
    void mark(MemorySegment region, long offsetBytes, long lengthBytes) {
        long end = (offsetBytes + lengthBytes + (1 << PAGE_SHIFT) - 1) >>> PAGE_SHIFT;
        for (int i = 0; i < bitmaps.length; i++) {
            if (addresses[i] == region.address()) {
                for (long page = offsetBytes >>> PAGE_SHIFT; page < end; page++) {
                    WORD.getAndBitwiseOr(bitmaps[i], 0L, page >>> WORD_SHIFT, 1L << page);
                }
                return;
            }
        }
    }
}
