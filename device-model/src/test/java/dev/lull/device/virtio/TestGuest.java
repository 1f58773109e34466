package dev.lull.device.virtio;

import dev.lull.device.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** RAM of a guest that is not there: two regions with a hole between them, from which tests carve buffers. */
public final class TestGuest {
    /** The first GPA behind the lower region, where nothing is. */
    public static final long LOW_END_GPA = 16 << 20;

    /** The first GPA of the upper region. */
    public static final long HIGH_GPA = 1L << 32;

    /** The size of the upper region. */
    public static final long HIGH_BYTES = 1 << 20;

    private final GuestMemory memory;
    private long free = 0x1000;

    /** RAM that the garbage collector frees. */
    public TestGuest() {
        Arena arena = Arena.ofAuto();
        memory = new GuestMemory(List.of(
                new GuestMemory.Region(0, arena.allocate(LOW_END_GPA, 4096)),
                new GuestMemory.Region(HIGH_GPA, arena.allocate(HIGH_BYTES, 4096))));
    }

    /** RAM that is the caller's, its first region large enough for queues and buffers. */
    public TestGuest(GuestMemory memory) {
        this.memory = memory;
    }

    /** The guest's RAM. */
    public GuestMemory memory() {
        return memory;
    }

    /** The GPA of {@code lengthBytes} of the lower region that nothing else uses. */
    public long allocate(long lengthBytes, int alignmentBytes) {
        long gpa = (free + alignmentBytes - 1) & -alignmentBytes;
        free = gpa + lengthBytes;
        if (free > LOW_END_GPA) {
            throw new IllegalStateException("the test's guest has no more RAM");
        }
        return gpa;
    }

    /** What lies at {@code gpa}. */
    public MemorySegment at(long gpa, long lengthBytes) {
        return memory.slice(gpa, lengthBytes);
    }
}
