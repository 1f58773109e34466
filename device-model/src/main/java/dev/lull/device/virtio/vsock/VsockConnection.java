package dev.lull.device.virtio.vsock;

import static dev.lull.device.virtio.vsock.VsockHeader.OP_CREDIT_REQUEST;
import static dev.lull.device.virtio.vsock.VsockHeader.OP_CREDIT_UPDATE;
import static dev.lull.device.virtio.vsock.VsockHeader.OP_REQUEST;
import static dev.lull.device.virtio.vsock.VsockHeader.OP_RESPONSE;
import static dev.lull.device.virtio.vsock.VsockHeader.OP_RST;
import static dev.lull.device.virtio.vsock.VsockHeader.OP_RW;
import static dev.lull.device.virtio.vsock.VsockHeader.OP_SHUTDOWN;
import static dev.lull.device.virtio.vsock.VsockHeader.SHUTDOWN_RECEIVE;
import static dev.lull.device.virtio.vsock.VsockHeader.SHUTDOWN_SEND;

import dev.lull.device.loop.EventLoop;
import dev.lull.device.virtio.DescriptorChain;
import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.Iovec;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A stream between a port of the guest and a Unix socket.
 *
 * <p>Bytes pass straight between the socket and the guest's buffers. Only what the socket does not take is kept, at most
 * {@link #BUFFER_BYTES}, which is the credit the guest is given (virtio 1.2 §5.10.6.3). In the other direction nothing is
 * read that the guest has no room for. Each direction ends by itself, after its last byte.
 */
final class VsockConnection implements EventLoop.Handler {
    /** The guest's credit: what it may send before the host has taken it. */
    static final int BUFFER_BYTES = 128 << 10;

    static final int EVENTS =
            LinuxConstants.EPOLLIN | LinuxConstants.EPOLLOUT | LinuxConstants.EPOLLRDHUP | (int) LinuxConstants.EPOLLET;

    /** More than this is not sent ahead, whatever the guest's buffer: counters run modulo 2<sup>32</sup>. */
    private static final long MAX_IN_FLIGHT_BYTES = 1 << 30;

    private static final int GONE = LinuxConstants.EPOLLHUP | LinuxConstants.EPOLLERR;

    private final VsockStreams streams;
    private final Fd socket;
    private final int hostPort;
    private final int guestPort;

    /** The next stream with packets for the guest. */
    @Nullable
    VsockConnection nextReady;

    /** Whether the stream is among those with packets for the guest. */
    boolean isQueued;

    private boolean established;
    private boolean removed;

    /** Packets the guest is owed, a bit each: 1 shifted by the operation. */
    private int owed;

    private int shutdownTold;
    private boolean guestSends = true;
    private boolean guestReceives = true;

    private boolean socketHasMore;
    private boolean socketEnded;
    private boolean socketHungUp;
    private boolean socketTakesNoMore;
    private boolean writeEnded;

    private @Nullable ByteRing waiting;
    private int forwardedBytes;
    private int forwardedTold;

    private int sentBytes;
    private int guestBufferBytes;
    private int guestForwardedBytes;
    private boolean creditAsked;

    private VsockConnection(VsockStreams streams, Fd socket, int hostPort, int guestPort) {
        this.streams = streams;
        this.socket = socket;
        this.hostPort = hostPort;
        this.guestPort = guestPort;
    }

    /** A stream the guest asked for in {@code request}, which the host has accepted. */
    static VsockConnection accepted(VsockStreams streams, Fd socket, VsockHeader request) {
        VsockConnection connection =
                new VsockConnection(streams, socket, request.destinationPort(), request.sourcePort());
        connection.established = true;
        connection.owed = 1 << OP_RESPONSE;
        connection.guestBufferBytes = request.bufferBytes();
        connection.guestForwardedBytes = request.forwardedBytes();
        return connection;
    }

    /** A stream the host asks the guest for. */
    static VsockConnection requested(VsockStreams streams, Fd socket, int hostPort, int guestPort) {
        VsockConnection connection = new VsockConnection(streams, socket, hostPort, guestPort);
        connection.owed = 1 << OP_REQUEST;
        return connection;
    }

    long key() {
        return VsockStreams.key(hostPort, guestPort);
    }

    Fd socket() {
        return socket;
    }

    /** Whether there is a packet for the guest, as far as can be known without looking. */
    boolean hasPacket() {
        return !removed && (owed != 0 || shutdownWanted() != shutdownTold || mayRead());
    }

    private boolean mayRead() {
        return established && socketHasMore && !socketEnded && guestReceives && (creditBytes() > 0 || !creditAsked);
    }

    /** How much more the guest has room for. */
    private long creditBytes() {
        long room = Math.min(Integer.toUnsignedLong(guestBufferBytes), MAX_IN_FLIGHT_BYTES);
        return Math.max(0, room - (sentBytes - guestForwardedBytes));
    }

    private int shutdownWanted() {
        boolean ended = socketEnded || (socketHungUp && !guestReceives);
        int wanted = ended ? SHUTDOWN_SEND : 0;
        return socketTakesNoMore || (ended && socketHungUp) ? wanted | SHUTDOWN_RECEIVE : wanted;
    }

    @Override
    public void ready(int eventMask) {
        socketHasMore |= (eventMask & ~LinuxConstants.EPOLLOUT) != 0;
        if ((eventMask & GONE) != 0) {
            socketHungUp = true;
            if (!established) {
                owed = 1 << OP_RST;
            }
        }
        if ((eventMask & ~LinuxConstants.EPOLLIN) != 0) {
            drain();
        }
        streams.progress(this);
    }

    /**
     * Obeys a packet of the guest.
     *
     * @return false if it breaks a rule: the stream is to be reset
     */
    boolean receive(VsockHeader header, DescriptorChain chain) {
        if (sentBytes - header.forwardedBytes() < 0) {
            return false;
        }
        guestBufferBytes = header.bufferBytes();
        guestForwardedBytes = header.forwardedBytes();
        creditAsked = false;
        if (header.op() == OP_RESPONSE) {
            return !established && establish();
        }
        if (!established) {
            return false;
        }
        switch (header.op()) {
            case OP_RW -> {
                return forward(chain, header.lengthBytes());
            }
            case OP_SHUTDOWN -> shutDown(header.flags());
            case OP_CREDIT_REQUEST -> owed |= 1 << OP_CREDIT_UPDATE;
            case OP_CREDIT_UPDATE -> {
                // Every packet updates the credit.
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean establish() {
        established = true;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment answer = HostHandshake.answer(arena, hostPort);
            // Nothing was written before: there is room, unless the program has gone.
            return socket.write(answer) == answer.byteSize();
        }
    }

    private void shutDown(int flags) {
        if ((flags & SHUTDOWN_RECEIVE) != 0 && guestReceives) {
            guestReceives = false;
            UnixSocket.shutdownRead(socket);
        }
        if ((flags & SHUTDOWN_SEND) != 0 && guestSends) {
            guestSends = false;
            drain();
        }
    }

    /** Whether the guest has shut both directions: it wants to hear a reset, and nothing else. */
    boolean isClosedByGuest() {
        return !guestSends && !guestReceives;
    }

    private boolean forward(DescriptorChain chain, long lengthBytes) {
        int kept = waiting == null ? 0 : waiting.count();
        if (!guestSends || lengthBytes > BUFFER_BYTES - kept) {
            return false;
        }
        int length = (int) lengthBytes;
        int written = 0;
        if (!socketTakesNoMore && kept == 0 && length > 0) {
            Iovec pieces = streams.scratch();
            addPieces(pieces, chain, 0, chain.readablePieces(), length);
            written = taken(socket.write(pieces));
        }
        if (socketTakesNoMore) {
            written = length;
        }
        if (written < length) {
            if (waiting == null) {
                waiting = streams.takeRing();
            }
            waiting.append(chain, VsockHeader.BYTES + written, length - written);
        }
        countForwarded(written);
        return true;
    }

    /** Writes what waits, as far as the socket takes it. */
    private void drain() {
        ByteRing ring = waiting;
        if (ring != null) {
            while (!socketTakesNoMore && ring.count() > 0) {
                int written = taken(ring.writeTo(socket, streams.scratch()));
                countForwarded(written);
                if (written == 0) {
                    break;
                }
            }
            if (socketTakesNoMore) {
                countForwarded(ring.count());
                ring.clear();
            }
            if (ring.count() > 0) {
                return;
            }
            waiting = null;
            streams.giveRing(ring);
        }
        if (removed) {
            streams.closeSocket(this);
        } else if (!guestSends && !writeEnded) {
            writeEnded = true;
            UnixSocket.shutdownWrite(socket);
        }
    }

    private int taken(long result) {
        if (result >= 0) {
            return (int) result;
        }
        if (result != -Errno.EAGAIN) {
            socketTakesNoMore = true;
        }
        return 0;
    }

    private void countForwarded(int lengthBytes) {
        forwardedBytes += lengthBytes;
        if (forwardedBytes - forwardedTold >= BUFFER_BYTES / 2) {
            owed |= 1 << OP_CREDIT_UPDATE;
        }
    }

    /**
     * Writes the next packet for the guest into a chain.
     *
     * @return its length in bytes, 0 if there is none after all
     */
    int writeTo(DescriptorChain chain, VsockHeader header, long guestCid) {
        int payload = 0;
        int op = nextControl();
        if (op == 0 && mayRead()) {
            long credit = creditBytes();
            if (credit == 0) {
                creditAsked = true;
                op = OP_CREDIT_REQUEST;
            } else {
                payload = read(chain, credit);
                op = payload > 0 ? OP_RW : 0;
            }
        }
        int shutdown = shutdownWanted();
        if (op == 0 && shutdown != shutdownTold) {
            shutdownTold = shutdown;
            op = OP_SHUTDOWN;
        }
        if (op == 0 && owed == (1 << OP_CREDIT_UPDATE)) {
            op = OP_CREDIT_UPDATE;
        }
        if (op == 0) {
            return 0;
        }
        owed &= ~((1 << op) | (1 << OP_CREDIT_UPDATE));
        forwardedTold = forwardedBytes;
        sentBytes += payload;
        header.set(op, hostPort, guestCid, guestPort);
        header.setLengthBytes(payload);
        header.setFlags(op == OP_SHUTDOWN ? shutdown : 0);
        header.setCredit(BUFFER_BYTES, forwardedBytes);
        header.copyTo(chain);
        if (op == OP_RST) {
            streams.remove(this);
        }
        return VsockHeader.BYTES + payload;
    }

    private int nextControl() {
        for (int op = OP_REQUEST; op <= OP_RST; op++) {
            if ((owed & (1 << op)) != 0) {
                return op;
            }
        }
        return 0;
    }

    private int read(DescriptorChain chain, long limitBytes) {
        Iovec pieces = streams.scratch();
        addPieces(pieces, chain, chain.readablePieces(), chain.pieces(), limitBytes);
        long result = socket.read(pieces);
        if (result > 0) {
            return (int) result;
        }
        socketHasMore = false;
        if (result != -Errno.EAGAIN) {
            socketEnded = true;
            socketHungUp |= result < 0;
        }
        return 0;
    }

    /** The pieces of a part of a chain behind the packet's header, up to {@code limitBytes}. */
    private static void addPieces(Iovec pieces, DescriptorChain chain, int first, int end, long limitBytes) {
        pieces.clear();
        long skip = VsockHeader.BYTES;
        long left = limitBytes;
        for (int i = first; i < end && left > 0; i++) {
            long skipped = Math.min(skip, chain.lengthBytes(i));
            skip -= skipped;
            long length = Math.min(chain.lengthBytes(i) - skipped, left);
            if (length > 0) {
                pieces.add(chain.address(i) + skipped, length);
                left -= length;
            }
        }
    }

    /** The guest knows the stream no more. What it sent still goes to the socket, as far as the socket takes it. */
    void onRemoved() {
        removed = true;
        guestSends = false;
        guestReceives = false;
        drain();
    }

    /** Whether bytes of a removed stream still wait for its socket. */
    boolean isLingering() {
        return removed && waiting != null;
    }
}
