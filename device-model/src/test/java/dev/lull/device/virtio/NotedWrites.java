package dev.lull.device.virtio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.device.memory.GuestMemory;
import dev.lull.device.memory.WrittenPages;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** What a device has changed in a guest's memory since this was made; whether it noted all of that. */
public final class NotedWrites {
    private static final int PAGE_BYTES = 4096;

    private final List<GuestMemory.Region> regions;
    private final List<byte[]> before;
    private final WrittenPages noted;

    /** The driver has written all that it writes. */
    public NotedWrites(TestGuest guest) {
        regions = guest.memory().regions();
        before = regions.stream()
                .map(region -> region.segment().toArray(JAVA_BYTE))
                .toList();
        noted = new WrittenPages(regions);
        guest.memory().noteWrites(noted);
    }

    /** The device has changed pages, {@code atLeast} so many, and noted each of them. */
    public void areOfAtLeast(int atLeast) {
        int changed = 0;
        for (int i = 0; i < before.size(); i++) {
            MemorySegment earlier = MemorySegment.ofArray(before.get(i));
            MemorySegment now = regions.get(i).segment();
            for (long at = 0; at < now.byteSize(); at += PAGE_BYTES) {
                if (MemorySegment.mismatch(earlier, at, at + PAGE_BYTES, now, at, at + PAGE_BYTES) >= 0) {
                    changed++;
                    assertThat(isNoted(i, at / PAGE_BYTES))
                            .as("page %d of region %d", at / PAGE_BYTES, i)
                            .isTrue();
                }
            }
        }
        assertThat(changed).isGreaterThanOrEqualTo(atLeast);
    }

    private boolean isNoted(int region, long page) {
        return (noted.bitmap(region).getAtIndex(JAVA_LONG, page / Long.SIZE) >>> page & 1) != 0;
    }
}
