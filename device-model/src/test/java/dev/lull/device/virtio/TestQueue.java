package dev.lull.device.virtio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The driver's side of a split queue for tests of devices, and the {@link SplitQueue} that is the other side. What a driver
 * may not do can be done too: {@link #descriptor}, {@link #publish} and the areas' segments write anything.
 */
public final class TestQueue {
    /** VIRTQ_DESC_F_NEXT. */
    public static final int NEXT = 1;

    /** VIRTQ_DESC_F_WRITE. */
    public static final int WRITE = 2;

    /** VIRTQ_DESC_F_INDIRECT. */
    public static final int INDIRECT = 4;

    private static final VarHandle INDEX = JAVA_SHORT.varHandle();

    /** A used element: the chain's head, and the bytes the device says it wrote. */
    public record Used(int head, int writtenBytes) {}

    private record Buffer(long gpa, int lengthBytes, boolean writable) {}

    private final TestGuest guest;
    private final int size;
    private final long features;
    private final long descriptorArea;
    private final long driverArea;
    private final long deviceArea;
    private final MemorySegment descriptors;
    private final MemorySegment avail;
    private final MemorySegment used;
    private final int[] chainLengths;
    private final boolean[] busy;
    private SplitQueue queue;
    private int interrupts;
    private Runnable interruptHandler = () -> {};
    private short availNext;
    private short usedSeen;

    /** A queue with neither indirect descriptors nor event indices. */
    public TestQueue(TestGuest guest, int size) {
        this(guest, size, 0);
    }

    /** @param features a mask of {@link VirtioFeature}s */
    public TestQueue(TestGuest guest, int size, long features) {
        this.guest = guest;
        this.size = size;
        this.features = features;
        descriptorArea = guest.allocate(16L * size, 16);
        driverArea = guest.allocate(6 + 2L * size, 2);
        deviceArea = guest.allocate(6 + 8L * size, 4);
        descriptors = guest.at(descriptorArea, 16L * size);
        avail = guest.at(driverArea, 6 + 2L * size);
        used = guest.at(deviceArea, 6 + 8L * size);
        chainLengths = new int[size];
        busy = new boolean[size];
        queue = newQueue();
    }

    /** The device's side. */
    public SplitQueue queue() {
        return queue;
    }

    /** The guest the queue lies in. */
    public TestGuest guest() {
        return guest;
    }

    /** The number of descriptors. */
    public int size() {
        return size;
    }

    /** The GPA of the descriptor table. */
    public long descriptorArea() {
        return descriptorArea;
    }

    /** The GPA of the available ring. */
    public long driverArea() {
        return driverArea;
    }

    /** The GPA of the used ring. */
    public long deviceArea() {
        return deviceArea;
    }

    /** The driver resets the queue: all rings zero, a new device's side. */
    public void reset() {
        descriptors.fill((byte) 0);
        avail.fill((byte) 0);
        used.fill((byte) 0);
        Arrays.fill(busy, false);
        availNext = 0;
        usedSeen = 0;
        interrupts = 0;
        queue = newQueue();
    }

    private SplitQueue newQueue() {
        return new SplitQueue(
                guest.memory(), size, descriptorArea, driverArea, deviceArea, features, this::interrupted);
    }

    private void interrupted() {
        interrupts++;
        interruptHandler.run();
    }

    /** Has {@code handler} run at each interrupt, on the device's thread. */
    public void onInterrupt(Runnable handler) {
        interruptHandler = handler;
    }

    /** How often the device has interrupted. */
    public int interrupts() {
        return interrupts;
    }

    /** The available ring: flags, index, entries, used event. */
    public MemorySegment avail() {
        return avail;
    }

    /** The used ring: flags, index, entries, available event. */
    public MemorySegment used() {
        return used;
    }

    /** Begins a chain of buffers. */
    public Chain chain() {
        return new Chain();
    }

    /** Writes one descriptor as it is given. */
    public void descriptor(int index, long gpa, int lengthBytes, int flags, int next) {
        putDescriptor(descriptors, index, gpa, lengthBytes, flags, next);
    }

    /** Writes entry {@code index} of a table of descriptors as it is given. */
    public static void putDescriptor(MemorySegment table, int index, long gpa, int lengthBytes, int flags, int next) {
        long at = 16L * index;
        table.set(JAVA_LONG.withByteAlignment(1), at, gpa);
        table.set(JAVA_INT.withByteAlignment(1), at + 8, lengthBytes);
        table.set(JAVA_SHORT.withByteAlignment(1), at + 12, (short) flags);
        table.set(JAVA_SHORT.withByteAlignment(1), at + 14, (short) next);
    }

    /** Makes the chain that begins at descriptor {@code head} available. */
    public void publish(int head) {
        avail.set(JAVA_SHORT, 4 + 2L * (availNext & size - 1), (short) head);
        availNext++;
        INDEX.setRelease(avail, 2L, availNext);
    }

    /** Says the available index is {@code index}, whatever is in the ring. */
    public void publishIndex(int index) {
        availNext = (short) index;
        INDEX.setRelease(avail, 2L, availNext);
    }

    /** The next used element the driver has not taken yet; null if there is none. Its descriptors are free again. */
    public @Nullable Used takeUsed() {
        if ((short) INDEX.getAcquire(used, 2L) == usedSeen) {
            return null;
        }
        long entry = 4 + 8L * (usedSeen & size - 1);
        usedSeen++;
        Used element = new Used(used.get(JAVA_INT, entry), used.get(JAVA_INT, entry + 4));
        free(element.head());
        return element;
    }

    /** Whether a driver that moved the available index from {@code before} rings its doorbell. */
    public boolean wantsDoorbell(int before) {
        VarHandle.fullFence();
        if ((features >>> VirtioFeature.EVENT_IDX & 1) != 0) {
            short event = (short) INDEX.getOpaque(used, 4 + 8L * size);
            return Short.toUnsignedInt((short) (availNext - event - 1))
                    < Short.toUnsignedInt((short) (availNext - before));
        }
        return ((short) INDEX.getOpaque(used, 0L) & 1) == 0;
    }

    /** The available index: how many chains were published, modulo 2<sup>16</sup>. */
    public int availableIndex() {
        return Short.toUnsignedInt(availNext);
    }

    /** Says after which used index the driver wants an interrupt. */
    public void setUsedEvent(int index) {
        INDEX.setRelease(avail, 4 + 2L * size, (short) index);
    }

    private void free(int head) {
        int index = head;
        for (int i = 0; i < chainLengths[head]; i++) {
            busy[index] = false;
            index = Short.toUnsignedInt(descriptors.get(JAVA_SHORT, 16L * index + 14));
        }
        chainLengths[head] = 0;
    }

    private int takeFree() {
        for (int i = 0; i < size; i++) {
            if (!busy[i]) {
                busy[i] = true;
                return i;
            }
        }
        throw new IllegalStateException("the queue has no free descriptor");
    }

    /** A chain in the making. */
    public final class Chain {
        private final List<Buffer> buffers = new ArrayList<>();
        private boolean indirect;

        private Chain() {}

        /** A buffer that holds {@code content}, for the device to read. */
        public Chain readable(byte... content) {
            long gpa = guest.allocate(Math.max(1, content.length), 1);
            MemorySegment.copy(content, 0, guest.at(gpa, content.length), JAVA_BYTE, 0, content.length);
            return readableAt(gpa, content.length);
        }

        /** A buffer for the device to read, somewhere. */
        public Chain readableAt(long gpa, int lengthBytes) {
            buffers.add(new Buffer(gpa, lengthBytes, false));
            return this;
        }

        /** A new buffer for the device to write. */
        public Chain writable(int lengthBytes) {
            return writableAt(guest.allocate(lengthBytes, 1), lengthBytes);
        }

        /** A buffer for the device to write, somewhere. */
        public Chain writableAt(long gpa, int lengthBytes) {
            buffers.add(new Buffer(gpa, lengthBytes, true));
            return this;
        }

        /** Puts the descriptors into a table of their own. */
        public Chain indirect() {
            indirect = true;
            return this;
        }

        /** Where buffer {@code index} of this chain is. */
        public MemorySegment buffer(int index) {
            return guest.at(buffers.get(index).gpa, buffers.get(index).lengthBytes);
        }

        /** The bytes of buffer {@code index} of this chain. */
        public byte[] bytes(int index) {
            return buffer(index).toArray(JAVA_BYTE);
        }

        /** Makes the chain available; its head. Rings no doorbell. */
        public int publish() {
            int count = buffers.size();
            int head;
            if (indirect) {
                long gpa = guest.allocate(16L * count, 16);
                MemorySegment table = guest.at(gpa, 16L * count);
                for (int i = 0; i < count; i++) {
                    put(table, i, i, i + 1);
                }
                head = takeFree();
                chainLengths[head] = 1;
                descriptor(head, gpa, 16 * count, INDIRECT, 0);
            } else {
                head = takeFree();
                chainLengths[head] = count;
                int index = head;
                for (int i = 0; i < count; i++) {
                    int next = i + 1 < count ? takeFree() : 0;
                    put(descriptors, index, i, next);
                    index = next;
                }
            }
            TestQueue.this.publish(head);
            return head;
        }

        private void put(MemorySegment table, int index, int buffer, int next) {
            Buffer b = buffers.get(buffer);
            int flags = (b.writable ? WRITE : 0) | (buffer + 1 < buffers.size() ? NEXT : 0);
            putDescriptor(table, index, b.gpa, b.lengthBytes, flags, next);
        }
    }
}
