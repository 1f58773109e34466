package dev.lull.agent.boot;

import dev.lull.device.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Page tables that map the low 4 GiB to themselves, in pages of 2 MiB, which unlike those of 1 GiB every processor has.
 *
 * <p>Source: Intel SDM volume 3, §4.5 "4-level paging".
 */
final class PageTables {
    private static final int TABLE_BYTES = 0x1000;
    private static final int TABLE_ENTRIES = 512;
    private static final int PRESENT_WRITABLE = 0x3;
    /** PS: the entry maps a page, not a table. */
    private static final int PAGE_SIZE = 1 << 7;

    private static final long LARGE_PAGE_BYTES = 2 << 20;
    private static final int DIRECTORIES = 4;

    private PageTables() {}

    /**
     * Writes the tables.
     *
     * @return the level-4 table's guest-physical address, for CR3
     */
    static long writeTo(GuestMemory memory) {
        long level4 = LowMemory.PAGE_TABLES_GPA;
        long level3 = level4 + TABLE_BYTES;
        long level2 = level3 + TABLE_BYTES;
        long[] entries = new long[(2 + DIRECTORIES) * TABLE_ENTRIES];
        entries[0] = level3 | PRESENT_WRITABLE;
        for (int i = 0; i < DIRECTORIES; i++) {
            entries[TABLE_ENTRIES + i] = level2 + (long) i * TABLE_BYTES | PRESENT_WRITABLE;
        }
        long page = PAGE_SIZE | PRESENT_WRITABLE;
        for (int i = 2 * TABLE_ENTRIES; i < entries.length; i++) {
            entries[i] = page;
            page += LARGE_PAGE_BYTES;
        }
        MemorySegment tables = memory.slice(level4, (long) entries.length * Long.BYTES);
        MemorySegment.copy(entries, 0, tables, ValueLayout.JAVA_LONG_UNALIGNED, 0, entries.length);
        return level4;
    }
}
