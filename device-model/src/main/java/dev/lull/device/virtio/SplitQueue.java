package dev.lull.device.virtio;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.lull.device.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * A split virtqueue (virtio 1.2 §2.7), the device's side.
 *
 * <p>The rings are bounded segments, found once. The driver may rewrite anything at any time, so every word of theirs is
 * read once and judged as read. Indices run modulo 2<sup>16</sup>.
 */
public final class SplitQueue implements Virtqueue {
    /** The largest size of a queue (virtio 1.2 §2.7). */
    public static final int MAX_SIZE = 32768;

    private static final VarHandle INDEX = JAVA_SHORT.varHandle();

    private static final int DESCRIPTOR_BYTES = 16;
    private static final int DESCRIPTOR_NEXT = 1;
    private static final int DESCRIPTOR_WRITE = 2;
    private static final int DESCRIPTOR_INDIRECT = 4;

    private static final int RING_FLAGS = 0;
    private static final int RING_INDEX = 2;
    private static final int RING_ENTRIES = 4;
    private static final int AVAIL_ENTRY_BYTES = 2;
    private static final int USED_ENTRY_BYTES = 8;
    private static final int EVENT_BYTES = 2;

    private static final short AVAIL_NO_INTERRUPT = 1;
    private static final short USED_NO_NOTIFY = 1;

    private static final long MAX_CHAIN_BYTES = 1L << 32;

    private static final String TOO_MANY =
            "more buffers made available than the queue has descriptors (virtio 1.2 §2.7.13)";
    private static final String HEAD = "an available ring entry names no descriptor of the queue (virtio 1.2 §2.7.6)";
    private static final String NEXT = "the next field names no descriptor of the table (virtio 1.2 §2.7.5)";
    private static final String TOO_LONG =
            "a descriptor chain longer than the queue size, or a loop (virtio 1.2 §2.7.5.3.1)";
    private static final String TOO_BIG = "a descriptor chain longer than 2^32 bytes in total (virtio 1.2 §2.7.5)";
    private static final String BUFFER_LENGTH = "a buffer of no bytes, or of 2 GiB or more (virtio 1.2 §2.7.5)";
    private static final String BUFFER_ADDRESS =
            "a buffer that is not, or not wholly, in guest memory (virtio 1.2 §2.7.5)";
    private static final String ORDER =
            "a device-readable descriptor after a device-writable one (virtio 1.2 §2.7.4.2)";
    private static final String INDIRECT_UNASKED =
            "an indirect descriptor, though VIRTIO_F_INDIRECT_DESC was not negotiated (virtio 1.2 §2.7.5.3.1)";
    private static final String INDIRECT_NESTED =
            "an indirect descriptor within an indirect table (virtio 1.2 §2.7.5.3.1)";
    private static final String INDIRECT_NEXT =
            "both VIRTQ_DESC_F_INDIRECT and VIRTQ_DESC_F_NEXT in one descriptor (virtio 1.2 §2.7.5.3.1)";
    private static final String INDIRECT_LENGTH =
            "an indirect table whose length is not a multiple of 16 (virtio 1.2 §2.7.5.3)";
    private static final String INDIRECT_ADDRESS =
            "an indirect table that is not, or not wholly, in guest memory (virtio 1.2 §2.7.5.3)";

    private final GuestMemory memory;
    private final int size;
    private final MemorySegment descriptors;
    private final MemorySegment avail;
    private final MemorySegment used;
    private final MemorySegment usedRegion;
    private final boolean indirect;
    private final boolean eventIndex;
    private final Runnable interrupt;

    /** The available index up to which the driver is known to have come. */
    private short availSeen;

    private short availNext;
    private short usedNext;
    private short usedPublished;
    private int inFlight;

    /**
     * A queue as the driver has just enabled it, nothing available and nothing used.
     *
     * @param size the number of descriptors
     * @param descriptorArea GPA of the descriptor table
     * @param driverArea GPA of the available ring
     * @param deviceArea GPA of the used ring
     * @param features what was negotiated
     * @param interrupt notifies the driver of used buffers
     * @throws VirtioException if the size or an address is not one a driver may set
     */
    public SplitQueue(
            GuestMemory memory,
            int size,
            long descriptorArea,
            long driverArea,
            long deviceArea,
            long features,
            Runnable interrupt) {
        if (size < 1 || size > MAX_SIZE || Integer.bitCount(size) != 1) {
            throw new VirtioException("queue size " + size + " is not a power of 2 up to 32768 (virtio 1.2 §2.7)");
        }
        this.memory = memory;
        this.size = size;
        this.interrupt = interrupt;
        indirect = (features >>> VirtioFeature.INDIRECT_DESC & 1) != 0;
        eventIndex = (features >>> VirtioFeature.EVENT_IDX & 1) != 0;
        descriptors = area("descriptor", descriptorArea, DESCRIPTOR_BYTES, (long) DESCRIPTOR_BYTES * size);
        avail = area("driver", driverArea, 2, RING_ENTRIES + (long) AVAIL_ENTRY_BYTES * size + EVENT_BYTES);
        used = area("device", deviceArea, 4, RING_ENTRIES + (long) USED_ENTRY_BYTES * size + EVENT_BYTES);
        usedRegion = region("device", deviceArea, 1, 1).segment();
    }

    private MemorySegment area(String name, long gpa, int alignmentBytes, long lengthBytes) {
        GuestMemory.Region region = region(name, gpa, alignmentBytes, lengthBytes);
        return region.segment().asSlice(gpa - region.gpa(), lengthBytes);
    }

    private GuestMemory.Region region(String name, long gpa, int alignmentBytes, long lengthBytes) {
        GuestMemory.Region region = memory.find(gpa, lengthBytes);
        if (region == null || gpa % alignmentBytes != 0) {
            throw new VirtioException("the %s area, 0x%x+0x%x, is not aligned to %d in guest memory (virtio 1.2 §2.7)"
                    .formatted(name, gpa, lengthBytes, alignmentBytes));
        }
        return region;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public boolean poll(DescriptorChain chain) {
        if (availNext == availSeen && !lookForMore()) {
            return false;
        }
        int slot = availNext & size - 1;
        int head = unsigned(avail.get(JAVA_SHORT, RING_ENTRIES + (long) AVAIL_ENTRY_BYTES * slot));
        if (head >= size) {
            throw new VirtioException(HEAD);
        }
        chain.begin(head);
        walk(chain, descriptors, 0, size, head, false);
        availNext++;
        inFlight++;
        return true;
    }

    @Override
    public void undoPoll() {
        availNext--;
        inFlight--;
    }

    @Override
    public void complete(DescriptorChain chain, int writtenBytes) {
        if (inFlight == 0) {
            throw new IllegalStateException("completed more chains than were polled");
        }
        inFlight--;
        long entry = RING_ENTRIES + (long) USED_ENTRY_BYTES * (usedNext & size - 1);
        used.set(JAVA_INT, entry, chain.head());
        used.set(JAVA_INT, entry + 4, writtenBytes);
        usedNext++;
        wroteUsed(entry, USED_ENTRY_BYTES);
        wrote(chain);
    }

    @Override
    public void wrote(DescriptorChain chain) {
        for (int i = chain.readablePieces(); i < chain.pieces(); i++) {
            memory.wrote(chain.memory(i), chain.offset(i), chain.lengthBytes(i));
        }
    }

    @Override
    public void flush() {
        short before = usedPublished;
        if (usedNext == before) {
            return;
        }
        INDEX.setRelease(used, (long) RING_INDEX, usedNext);
        wroteUsed(RING_INDEX, Short.BYTES);
        usedPublished = usedNext;
        // The index must be visible before the driver's wish is read: it states its wish, then looks at the index.
        VarHandle.fullFence();
        if (wantsInterrupt(before)) {
            interrupt.run();
        }
    }

    @Override
    public void suppressDoorbells() {
        // With event indices flags stays 0 (virtio 1.2 §2.7.10.1), and an index already passed asks for nothing.
        if (!eventIndex) {
            INDEX.setOpaque(used, (long) RING_FLAGS, USED_NO_NOTIFY);
            wroteUsed(RING_FLAGS, Short.BYTES);
        }
    }

    @Override
    public boolean armDoorbells() {
        if (eventIndex) {
            INDEX.setOpaque(used, RING_ENTRIES + (long) USED_ENTRY_BYTES * size, availNext);
            wroteUsed(RING_ENTRIES + (long) USED_ENTRY_BYTES * size, Short.BYTES);
        } else {
            INDEX.setOpaque(used, (long) RING_FLAGS, (short) 0);
            wroteUsed(RING_FLAGS, Short.BYTES);
        }
        // The wish must be visible before the index is read: the driver moves the index, then looks for the wish.
        VarHandle.fullFence();
        return (short) INDEX.getAcquire(avail, (long) RING_INDEX) != availNext;
    }

    private void wroteUsed(long offsetBytes, int lengthBytes) {
        memory.wrote(usedRegion, used.address() - usedRegion.address() + offsetBytes, lengthBytes);
    }

    private boolean lookForMore() {
        short index = (short) INDEX.getAcquire(avail, (long) RING_INDEX);
        if (unsigned((short) (index - availNext)) > size - inFlight) {
            throw new VirtioException(TOO_MANY);
        }
        availSeen = index;
        return index != availNext;
    }

    /** Whether the driver asked to be told of one of the buffers used since {@code before} (virtio 1.2 §2.7.7). */
    private boolean wantsInterrupt(short before) {
        if (eventIndex) {
            short event = (short) INDEX.getOpaque(avail, RING_ENTRIES + (long) AVAIL_ENTRY_BYTES * size);
            return unsigned((short) (usedNext - event - 1)) < unsigned((short) (usedNext - before));
        }
        return ((short) INDEX.getOpaque(avail, (long) RING_FLAGS) & AVAIL_NO_INTERRUPT) == 0;
    }

    /**
     * Appends the buffers of the chain that begins at entry {@code first} of a table {@code base} bytes into {@code region}.
     */
    private void walk(
            DescriptorChain chain, MemorySegment region, long base, int entries, int first, boolean inIndirectTable) {
        int index = first;
        int flags;
        do {
            if (index >= entries) {
                throw new VirtioException(NEXT);
            }
            long at = base + (long) DESCRIPTOR_BYTES * index;
            long address = region.get(JAVA_LONG_UNALIGNED, at);
            long lengthFlagsNext = region.get(JAVA_LONG_UNALIGNED, at + 8);
            int lengthBytes = (int) lengthFlagsNext;
            flags = (int) (lengthFlagsNext >>> 32);
            if ((flags & DESCRIPTOR_INDIRECT) != 0) {
                if (inIndirectTable) {
                    throw new VirtioException(INDIRECT_NESTED);
                }
                walkIndirect(chain, address, lengthBytes, flags);
                return;
            }
            append(chain, address, lengthBytes, (flags & DESCRIPTOR_WRITE) != 0);
            index = flags >>> 16;
        } while ((flags & DESCRIPTOR_NEXT) != 0);
    }

    private void walkIndirect(DescriptorChain chain, long address, int lengthBytes, int flags) {
        if (!indirect) {
            throw new VirtioException(INDIRECT_UNASKED);
        }
        if ((flags & DESCRIPTOR_NEXT) != 0) {
            throw new VirtioException(INDIRECT_NEXT);
        }
        if (lengthBytes == 0 || lengthBytes % DESCRIPTOR_BYTES != 0) {
            throw new VirtioException(INDIRECT_LENGTH);
        }
        GuestMemory.Region region = memory.find(address, Integer.toUnsignedLong(lengthBytes));
        if (region == null) {
            throw new VirtioException(INDIRECT_ADDRESS);
        }
        walk(chain, region.segment(), address - region.gpa(), lengthBytes >>> 4, 0, true);
    }

    private void append(DescriptorChain chain, long address, int lengthBytes, boolean writable) {
        if (chain.pieces() == size) {
            throw new VirtioException(TOO_LONG);
        }
        if (lengthBytes <= 0) {
            throw new VirtioException(BUFFER_LENGTH);
        }
        if (!writable && chain.writableBytes() != 0) {
            throw new VirtioException(ORDER);
        }
        GuestMemory.Region region = memory.find(address, lengthBytes);
        if (region == null) {
            throw new VirtioException(BUFFER_ADDRESS);
        }
        chain.append(region.segment(), address - region.gpa(), lengthBytes, writable);
        if (chain.readableBytes() + chain.writableBytes() > MAX_CHAIN_BYTES) {
            throw new VirtioException(TOO_BIG);
        }
    }

    private static int unsigned(short value) {
        return Short.toUnsignedInt(value);
    }
}
