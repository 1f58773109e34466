package dev.lull.device.virtio;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A request's buffers, as pieces of guest RAM: first those the device reads, then those it writes (virtio 1.2 §2.7.4.2). A
 * flyweight that {@link Virtqueue#poll} fills; as long as a request is under way, it has one.
 *
 * <p>A piece is a bounded segment of guest RAM, an offset and a length, so that neither copying nor a system call need
 * allocate. A buffer that spans two regions of RAM is refused.
 */
public final class DescriptorChain {
    /** As many pieces as nearly all chains have; the arrays grow for a longer one, once. */
    private static final int USUAL_PIECES = 8;

    private final int capacity;
    private MemorySegment[] memory;
    private long[] offsets;
    private int[] lengths;
    private int head;
    private int readable;
    private int pieces;
    private long readableBytes;
    private long writableBytes;

    /** @param capacity the most pieces it holds: the largest size of the queue it is used with */
    public DescriptorChain(int capacity) {
        this.capacity = capacity;
        int usual = Math.min(capacity, USUAL_PIECES);
        memory = new MemorySegment[usual];
        offsets = new long[usual];
        lengths = new int[usual];
    }

    /** Empties the chain, to be filled by a queue. */
    void begin(int newHead) {
        head = newHead;
        readable = 0;
        pieces = 0;
        readableBytes = 0;
        writableBytes = 0;
    }

    /** Appends a piece, checked by the queue. */
    void append(MemorySegment region, long offset, int lengthBytes, boolean writable) {
        if (pieces == lengths.length) {
            grow();
        }
        memory[pieces] = region;
        offsets[pieces] = offset;
        lengths[pieces] = lengthBytes;
        pieces++;
        if (writable) {
            writableBytes += lengthBytes;
        } else {
            readable++;
            readableBytes += lengthBytes;
        }
    }

    private void grow() {
        int length = Math.min(capacity, 4 * lengths.length);
        memory = Arrays.copyOf(memory, length);
        offsets = Arrays.copyOf(offsets, length);
        lengths = Arrays.copyOf(lengths, length);
    }

    /** The index of the chain's first descriptor, its name in the used ring. */
    int head() {
        return head;
    }

    /** The number of pieces. */
    public int pieces() {
        return pieces;
    }

    /** The number of pieces the device may only read: pieces 0 to this, exclusive. */
    public int readablePieces() {
        return readable;
    }

    /** The bytes of all pieces the device may only read. */
    public long readableBytes() {
        return readableBytes;
    }

    /** The bytes of all pieces the device may only write. */
    public long writableBytes() {
        return writableBytes;
    }

    /** The region of guest RAM piece {@code index} lies in. */
    public MemorySegment memory(int index) {
        return memory[index];
    }

    /** Where in {@link #memory} piece {@code index} starts, in bytes. */
    public long offset(int index) {
        return offsets[index];
    }

    /** The length of piece {@code index}, in bytes; not 0, unsigned 31 bits. */
    public int lengthBytes(int index) {
        return lengths[index];
    }

    /** The host address of piece {@code index}, for a system call. */
    public long address(int index) {
        return memory[index].address() + offsets[index];
    }

    /**
     * Copies from the device-readable part, from byte {@code fromByte} of it.
     *
     * @return the bytes copied: less than {@code lengthBytes} if the part ends before
     */
    public int copyOut(long fromByte, MemorySegment target, long targetOffset, int lengthBytes) {
        return copy(0, readable, fromByte, target, targetOffset, lengthBytes, false);
    }

    /**
     * Copies into the device-writable part, to byte {@code toByte} of it.
     *
     * @return the bytes copied: less than {@code lengthBytes} if the part ends before
     */
    public int copyIn(long toByte, MemorySegment source, long sourceOffset, int lengthBytes) {
        return copy(readable, pieces, toByte, source, sourceOffset, lengthBytes, true);
    }

    private int copy(int first, int end, long skipBytes, MemorySegment other, long otherOffset, int limit, boolean in) {
        int copied = 0;
        long skip = skipBytes;
        for (int i = first; i < end && copied < limit; i++) {
            if (skip >= lengths[i]) {
                skip -= lengths[i];
                continue;
            }
            int count = (int) Math.min(lengths[i] - skip, limit - copied);
            if (in) {
                MemorySegment.copy(other, otherOffset + copied, memory[i], offsets[i] + skip, count);
            } else {
                MemorySegment.copy(memory[i], offsets[i] + skip, other, otherOffset + copied, count);
            }
            copied += count;
            skip = 0;
        }
        return copied;
    }
}
