package dev.lull.device.virtio.balloon;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.lull.device.virtio.DescriptorChain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLongArray;

/** The statistics a guest sent last (virtio 1.2 §5.5.6.3). One thread updates, any reads. */
public final class GuestStatistics {
    /** A tag of 16 bits and a value of 64, without a gap. */
    private static final int ENTRY_BYTES = 10;

    /** More than there are tags: what a guest appends without end is left unread. */
    private static final int MAX_ENTRIES = 64;

    private static final long UNKNOWN = -1;

    private final MemorySegment entry = Arena.ofAuto().allocate(ENTRY_BYTES);
    private final AtomicLongArray values = new AtomicLongArray(Statistic.values().length);

    GuestStatistics() {
        clear();
    }

    /** What the guest said last of {@code statistic}; empty if it did not say. */
    public OptionalLong value(Statistic statistic) {
        long value = values.get(statistic.tag());
        return value == UNKNOWN ? OptionalLong.empty() : OptionalLong.of(value);
    }

    void clear() {
        for (int i = 0; i < values.length(); i++) {
            values.set(i, UNKNOWN);
        }
    }

    /** Reads all entries of the chain; tags that have no name here are passed over (virtio 1.2 §5.5.6.3.2). */
    void update(DescriptorChain chain) {
        for (int i = 0; i < MAX_ENTRIES; i++) {
            if (chain.copyOut((long) i * ENTRY_BYTES, entry, 0, ENTRY_BYTES) < ENTRY_BYTES) {
                return;
            }
            int tag = Short.toUnsignedInt(entry.get(JAVA_SHORT_UNALIGNED, 0));
            if (tag < values.length()) {
                values.set(tag, entry.get(JAVA_LONG_UNALIGNED, 2));
            }
        }
    }
}
