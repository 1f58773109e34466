package dev.lull.perf.bench;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.lull.device.loop.EventLoop;
import dev.lull.device.memory.GuestMemory;
import dev.lull.device.virtio.SplitQueue;
import dev.lull.device.virtio.VirtioContext;
import dev.lull.device.virtio.Virtqueue;
import dev.lull.linux.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A driver of a block device without a guest: one queue, and requests of 4 KiB written into it beforehand. */
final class BlockGuest implements VirtioContext, AutoCloseable {
    static final int QUEUE_SIZE = 256;
    static final int REQUEST_BYTES = 4096;

    private static final VarHandle INDEX = JAVA_SHORT.varHandle();
    private static final int DESCRIPTORS = 0;
    private static final int AVAIL = 0x2000;
    private static final int USED = 0x3000;
    private static final int HEADERS = 0x5000;
    private static final int STATUSES = 0x6000;
    private static final int DATA = 0x10_0000;
    private static final int MEMORY_BYTES = 2 << 20;
    private static final int HEADER_BYTES = 16;
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int DESCRIPTORS_PER_REQUEST = 3;

    private final MemorySegment ram = Arena.ofAuto().allocate(MEMORY_BYTES, 4096);
    private final GuestMemory memory = new GuestMemory(List.of(new GuestMemory.Region(0, ram)));
    private final EventLoop loop = new EventLoop("benchmark", fault -> {
        throw new IllegalStateException(fault);
    });
    private final SplitQueue queue;
    private int interrupts;
    private short published;

    BlockGuest() {
        queue = new SplitQueue(memory, QUEUE_SIZE, DESCRIPTORS, AVAIL, USED, 0, () -> interrupts++);
    }

    /** Writes the chain of request {@code index}. */
    void describe(int index, boolean write) {
        int first = index * DESCRIPTORS_PER_REQUEST;
        descriptor(first, HEADERS + index * HEADER_BYTES, HEADER_BYTES, NEXT);
        descriptor(first + 1, DATA + index * REQUEST_BYTES, REQUEST_BYTES, write ? NEXT : NEXT | WRITE);
        descriptor(first + 2, STATUSES + index, 1, WRITE);
        ram.set(JAVA_INT, HEADERS + (long) index * HEADER_BYTES, write ? 1 : 0);
    }

    /** Makes request {@code index}, to {@code sector}, available. */
    void publish(int index, long sector) {
        ram.set(JAVA_LONG, HEADERS + (long) index * HEADER_BYTES + 8, sector);
        ram.set(JAVA_SHORT, AVAIL + 4 + 2L * (published & (QUEUE_SIZE - 1)), (short) (index * DESCRIPTORS_PER_REQUEST));
        published++;
        INDEX.setRelease(ram, (long) AVAIL + 2, published);
    }

    /** Whether all that was published has been used. */
    boolean isDone() {
        return (short) INDEX.getAcquire(ram, (long) USED + 2) == published;
    }

    int interrupts() {
        return interrupts;
    }

    @Override
    public long features() {
        return 1L << 9;
    }

    @Override
    public GuestMemory memory() {
        return memory;
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    @Override
    public @Nullable Virtqueue queue(int index) {
        return queue;
    }

    @Override
    public void watch(Fd fd, int eventMask, EventLoop.Handler handler) {
        loop.watch(fd, eventMask, handler);
    }

    @Override
    public void unwatch(Fd fd) {
        loop.unwatch(fd);
    }

    @Override
    public void ring(int index) {
        throw new UnsupportedOperationException("a block device rings no queue");
    }

    @Override
    public void configChanged() {}

    @Override
    public void close() {
        loop.close();
    }

    private void descriptor(int index, long gpa, int lengthBytes, int flags) {
        long at = DESCRIPTORS + 16L * index;
        ram.set(JAVA_LONG, at, gpa);
        ram.set(JAVA_INT, at + 8, lengthBytes);
        ram.set(JAVA_SHORT, at + 12, (short) flags);
        ram.set(JAVA_SHORT, at + 14, (short) (index + 1));
    }
}
