package dev.lull.device.virtio.console;

import dev.lull.device.virtio.DescriptorChain;
import java.lang.foreign.MemorySegment;

/** Bytes on their way to the guest: one thread puts them in and waits while there is no room; the device takes them out. */
final class ConsoleInput {
    static final int CAPACITY_BYTES = 4096;

    private final byte[] bytes = new byte[CAPACITY_BYTES];
    private final MemorySegment segment = MemorySegment.ofArray(bytes);
    private int head;
    private int count;

    /** Puts in as many bytes as there is room for, at least one; waits for that. */
    synchronized int put(byte[] source, int offset, int lengthBytes) throws InterruptedException {
        while (count == CAPACITY_BYTES) {
            wait();
        }
        int done = Math.min(lengthBytes, CAPACITY_BYTES - count);
        for (int i = 0; i < done; i++) {
            bytes[(head + count + i) % CAPACITY_BYTES] = source[offset + i];
        }
        count += done;
        return done;
    }

    synchronized boolean isEmpty() {
        return count == 0;
    }

    /** Moves bytes into the chain, as many as there are and fit; how many. */
    synchronized int moveTo(DescriptorChain chain) {
        int moved = 0;
        while (count > 0) {
            int contiguous = Math.min(count, CAPACITY_BYTES - head);
            int copied = chain.copyIn(moved, segment, head, contiguous);
            if (copied == 0) {
                break;
            }
            head = (head + copied) % CAPACITY_BYTES;
            count -= copied;
            moved += copied;
        }
        notifyAll();
        return moved;
    }
}
