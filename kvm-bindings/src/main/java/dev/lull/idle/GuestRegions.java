package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lull.linux.Mapping;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Memory as the native core is given it: an array of {@code struct lull_region}, of whole pages.
 *
 * @param array the structures
 * @param count how many; 0 if there is not a page in them
 * @param pages how many pages are in them
 */
record GuestRegions(MemorySegment array, long count, long pages) {
    static GuestRegions of(List<MemorySegment> memory, NativeTask task) {
        MemorySegment array = task.allocate((long) memory.size() * IdleLayout.Region.SIZE);
        long pages = 0;
        for (int i = 0; i < memory.size(); i++) {
            long at = (long) i * IdleLayout.Region.SIZE;
            array.set(JAVA_LONG, at + IdleLayout.Region.HOST, memory.get(i).address());
            array.set(JAVA_LONG, at + IdleLayout.Region.BYTES, memory.get(i).byteSize() & -Mapping.PAGE_BYTES);
            pages += memory.get(i).byteSize() / Mapping.PAGE_BYTES;
        }
        return new GuestRegions(array, pages == 0 ? 0 : memory.size(), pages);
    }
}
