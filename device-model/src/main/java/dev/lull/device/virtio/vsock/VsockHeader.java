package dev.lull.device.virtio.vsock;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.lull.device.virtio.DescriptorChain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** {@code struct virtio_vsock_hdr} (virtio 1.2 §5.10.6): a copy, so that the guest cannot change what was judged. */
final class VsockHeader {
    static final int BYTES = 44;

    static final int OP_REQUEST = 1;
    static final int OP_RESPONSE = 2;
    static final int OP_RST = 3;
    static final int OP_SHUTDOWN = 4;
    static final int OP_RW = 5;
    static final int OP_CREDIT_UPDATE = 6;
    static final int OP_CREDIT_REQUEST = 7;

    /** Of a {@link #OP_SHUTDOWN}'s flags: the sender will receive no more. */
    static final int SHUTDOWN_RECEIVE = 1;

    /** Of a {@link #OP_SHUTDOWN}'s flags: the sender will send no more. */
    static final int SHUTDOWN_SEND = 2;

    static final int SHUTDOWN_BOTH = SHUTDOWN_RECEIVE | SHUTDOWN_SEND;

    static final int TYPE_STREAM = 1;
    static final long HOST_CID = 2;

    private static final int SRC_CID = 0;
    private static final int DST_CID = 8;
    private static final int SRC_PORT = 16;
    private static final int DST_PORT = 20;
    private static final int LEN = 24;
    private static final int TYPE = 28;
    private static final int OP = 30;
    private static final int FLAGS = 32;
    private static final int BUF_ALLOC = 36;
    private static final int FWD_CNT = 40;

    private final MemorySegment bytes = Arena.ofAuto().allocate(BYTES, 8);

    /** Copies the header a chain of the guest begins with, which is long enough. */
    void copyFrom(DescriptorChain chain) {
        chain.copyOut(0, bytes, 0, BYTES);
    }

    /** Copies the header to the start of a chain that is long enough. */
    void copyTo(DescriptorChain chain) {
        chain.copyIn(0, bytes, 0, BYTES);
    }

    /** Begins a header of the host: a stream, no payload, no flags, no credit. */
    void set(int op, int hostPort, long guestCid, int guestPort) {
        bytes.set(JAVA_LONG_UNALIGNED, SRC_CID, HOST_CID);
        bytes.set(JAVA_LONG_UNALIGNED, DST_CID, guestCid);
        bytes.set(JAVA_INT_UNALIGNED, SRC_PORT, hostPort);
        bytes.set(JAVA_INT_UNALIGNED, DST_PORT, guestPort);
        bytes.set(JAVA_INT_UNALIGNED, LEN, 0);
        bytes.set(JAVA_SHORT_UNALIGNED, TYPE, (short) TYPE_STREAM);
        bytes.set(JAVA_SHORT_UNALIGNED, OP, (short) op);
        bytes.set(JAVA_INT_UNALIGNED, FLAGS, 0);
        bytes.set(JAVA_INT_UNALIGNED, BUF_ALLOC, 0);
        bytes.set(JAVA_INT_UNALIGNED, FWD_CNT, 0);
    }

    void setSourceCid(long cid) {
        bytes.set(JAVA_LONG_UNALIGNED, SRC_CID, cid);
    }

    void setType(int type) {
        bytes.set(JAVA_SHORT_UNALIGNED, TYPE, (short) type);
    }

    void setLengthBytes(int lengthBytes) {
        bytes.set(JAVA_INT_UNALIGNED, LEN, lengthBytes);
    }

    void setFlags(int flags) {
        bytes.set(JAVA_INT_UNALIGNED, FLAGS, flags);
    }

    void setCredit(int bufferBytes, int forwardedBytes) {
        bytes.set(JAVA_INT_UNALIGNED, BUF_ALLOC, bufferBytes);
        bytes.set(JAVA_INT_UNALIGNED, FWD_CNT, forwardedBytes);
    }

    long sourceCid() {
        return bytes.get(JAVA_LONG_UNALIGNED, SRC_CID);
    }

    long destinationCid() {
        return bytes.get(JAVA_LONG_UNALIGNED, DST_CID);
    }

    int sourcePort() {
        return bytes.get(JAVA_INT_UNALIGNED, SRC_PORT);
    }

    int destinationPort() {
        return bytes.get(JAVA_INT_UNALIGNED, DST_PORT);
    }

    /** The payload's length, unsigned 32 bits. */
    long lengthBytes() {
        return Integer.toUnsignedLong(bytes.get(JAVA_INT_UNALIGNED, LEN));
    }

    int type() {
        return Short.toUnsignedInt(bytes.get(JAVA_SHORT_UNALIGNED, TYPE));
    }

    int op() {
        return Short.toUnsignedInt(bytes.get(JAVA_SHORT_UNALIGNED, OP));
    }

    int flags() {
        return bytes.get(JAVA_INT_UNALIGNED, FLAGS);
    }

    /** The sender's whole buffer, unsigned 32 bits. */
    int bufferBytes() {
        return bytes.get(JAVA_INT_UNALIGNED, BUF_ALLOC);
    }

    /** How many bytes the sender has taken out of its buffer so far, modulo 2<sup>32</sup>. */
    int forwardedBytes() {
        return bytes.get(JAVA_INT_UNALIGNED, FWD_CNT);
    }
}
