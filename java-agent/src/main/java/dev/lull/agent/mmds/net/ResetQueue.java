package dev.lull.agent.mmds.net;

/** Resets to be sent; when it is full, further ones are lost, as any segment may be. */
final class ResetQueue {
    private static final int CAPACITY = 32;

    private final long[] macs = new long[CAPACITY];
    private final int[] addresses = new int[CAPACITY];
    private final int[] remotePorts = new int[CAPACITY];
    private final int[] localPorts = new int[CAPACITY];
    private final int[] sequences = new int[CAPACITY];
    private final int[] acknowledgments = new int[CAPACITY];
    private final int[] flags = new int[CAPACITY];
    private int first;
    private int count;

    /** Adds a reset as {@code segment} describes it. */
    void add(TcpSegment segment) {
        if (count == CAPACITY) {
            return;
        }
        int at = (first + count++) % CAPACITY;
        macs[at] = segment.remoteMac;
        addresses[at] = segment.remoteAddress;
        remotePorts[at] = segment.remotePort;
        localPorts[at] = segment.localPort;
        sequences[at] = segment.sequence;
        acknowledgments[at] = segment.acknowledgment;
        flags[at] = segment.flags;
    }

    /** Adds the reset that answers {@code segment}, which belongs to no connection (RFC 9293 §3.10.7.1). */
    void addAnswer(TcpSegment segment, TcpSegment scratch) {
        scratch.remoteMac = segment.remoteMac;
        scratch.remoteAddress = segment.remoteAddress;
        scratch.remotePort = segment.remotePort;
        scratch.localPort = segment.localPort;
        if (segment.has(TcpSegment.ACK)) {
            scratch.flags = TcpSegment.RST;
            scratch.sequence = segment.acknowledgment;
            scratch.acknowledgment = 0;
        } else {
            scratch.flags = TcpSegment.RST | TcpSegment.ACK;
            scratch.sequence = 0;
            scratch.acknowledgment = segment.sequence + segment.sequenceLength();
        }
        add(scratch);
    }

    /** Takes the oldest into {@code segment}; false if there is none. */
    boolean take(TcpSegment segment) {
        if (count == 0) {
            return false;
        }
        segment.remoteMac = macs[first];
        segment.remoteAddress = addresses[first];
        segment.remotePort = remotePorts[first];
        segment.localPort = localPorts[first];
        segment.sequence = sequences[first];
        segment.acknowledgment = acknowledgments[first];
        segment.flags = flags[first];
        segment.window = 0;
        segment.mss = 0;
        first = (first + 1) % CAPACITY;
        count--;
        return true;
    }

    void clear() {
        count = 0;
    }
}
