package dev.lull.device.virtio.vsock;

import dev.lull.device.virtio.DescriptorChain;

/** Resets owed to the guest for what belongs to no stream. */
final class VsockRefusals {
    private static final int CAPACITY = 256;

    private final long[] cids = new long[CAPACITY];
    private final long[] ports = new long[CAPACITY];
    private final int[] types = new int[CAPACITY];
    private int first;
    private int count;

    /** Remembers to answer the packet of {@code header}; there is room. */
    void add(VsockHeader header) {
        int index = (first + count++) % CAPACITY;
        cids[index] = header.destinationCid();
        ports[index] = VsockStreams.key(header.destinationPort(), header.sourcePort());
        types[index] = header.type();
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Whether packets that may have to be refused must wait. */
    boolean isFull() {
        return count == CAPACITY;
    }

    void clear() {
        count = 0;
    }

    /** Writes the first reset to a chain of the guest and forgets it. */
    void writeTo(DescriptorChain chain, VsockHeader scratch, long guestCid) {
        long key = ports[first];
        scratch.set(VsockHeader.OP_RST, VsockStreams.hostPort(key), guestCid, VsockStreams.guestPort(key));
        scratch.setSourceCid(cids[first]);
        scratch.setType(types[first]);
        scratch.copyTo(chain);
        first = (first + 1) % CAPACITY;
        count--;
    }
}
