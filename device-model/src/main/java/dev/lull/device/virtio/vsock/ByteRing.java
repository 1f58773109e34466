package dev.lull.device.virtio.vsock;

import dev.lull.device.virtio.DescriptorChain;
import dev.lull.linux.Fd;
import dev.lull.linux.Iovec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Bytes of a stream that its Unix socket has not taken yet, in order. */
final class ByteRing {
    private final MemorySegment bytes;
    private final int capacity;
    private int start;
    private int count;

    ByteRing(int capacity) {
        this.capacity = capacity;
        bytes = Arena.ofAuto().allocate(capacity);
    }

    int count() {
        return count;
    }

    void clear() {
        start = 0;
        count = 0;
    }

    /** Appends bytes of a chain's readable part; there is room for them. */
    void append(DescriptorChain chain, long fromByte, int lengthBytes) {
        int end = (start + count) % capacity;
        int before = Math.min(lengthBytes, capacity - end);
        chain.copyOut(fromByte, bytes, end, before);
        chain.copyOut(fromByte + before, bytes, 0, lengthBytes - before);
        count += lengthBytes;
    }

    /**
     * Writes as much as {@code fd} takes at once.
     *
     * @param scratch is overwritten
     * @return the bytes written, or a negated error number
     */
    long writeTo(Fd fd, Iovec scratch) {
        int before = Math.min(count, capacity - start);
        scratch.clear();
        scratch.add(bytes.address() + start, before);
        scratch.add(bytes.address(), count - before);
        long written = fd.write(scratch);
        if (written > 0) {
            start = (int) ((start + written) % capacity);
            count -= (int) written;
        }
        return written;
    }
}
