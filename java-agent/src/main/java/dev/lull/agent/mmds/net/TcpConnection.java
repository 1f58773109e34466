package dev.lull.agent.mmds.net;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One connection that a guest has opened, and the request and the answer on it: at most one of each. What the guest sends must
 * come in order; what it does not acknowledge is sent again. There is no congestion on this link, so none is controlled.
 *
 * <p>Sequence numbers are compared by the sign of their difference (RFC 9293 §3.4).
 */
final class TcpConnection {
    /** The longest request, and so the window the guest has. */
    static final int REQUEST_BYTES = 2500;

    /** The longest payload sent: that of Ethernet's usual packet of 1500 bytes. */
    static final int MSS = 1460;

    /** The smallest packet every IPv4 link carries is 68 bytes (RFC 791 §3.2). */
    static final int SMALLEST_MSS = 68 - PacketLayout.IPV4_BYTES - PacketLayout.TCP_BYTES;

    /** RFC 6298 §2.1. */
    static final long RETRANSMISSION_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What is not acknowledged is sent so often again: after 1, 2, 4, 8, 16, 16, 16 and 16 seconds. */
    static final int MAX_RETRANSMISSIONS = 8;

    private static final int MAX_DOUBLINGS = 4;

    /** What became of the connection. */
    enum Verdict {
        OPEN,

        /** Both sides know that it has ended. */
        ENDED,

        /** The guest is to be told, by a reset, that it has ended. */
        ABORTED,

        /** The segment is to be answered by a reset; nothing else has happened. */
        REFUSED
    }

    private final RequestServer server;
    private final RandomGenerator random;
    private final byte[] request = new byte[REQUEST_BYTES];
    private int requestBytes;

    private byte @Nullable [] answer;
    private int answerStart;

    private long remoteMac;
    private int remoteAddress;
    private int remotePort;
    private int localPort;
    private int mss;

    private int receiveNext;
    private int sendUnacknowledged;
    private int sendNext;
    private int sendMax;
    private int sendWindow;

    /** Behind the last byte to be sent; the FIN's number, if {@link #closing}. */
    private int sendEnd;

    private boolean established;
    private boolean synAckDue;
    private boolean ackDue;
    private boolean closing;
    private boolean finReceived;

    /** What is sent next need not fit the guest's window: it asks whether there is one again (RFC 9293 §3.8.6.1). */
    private boolean probing;

    private long timerStartNanos;
    private int retransmissions;
    private long heardNanos;

    /** @param random for where sequences begin */
    TcpConnection(RequestServer server, RandomGenerator random) {
        this.server = server;
        this.random = random;
    }

    /** Begins anew, with the SYN of a guest. */
    void open(TcpSegment syn, long nowNanos) {
        remoteMac = syn.remoteMac;
        remoteAddress = syn.remoteAddress;
        remotePort = syn.remotePort;
        localPort = syn.localPort;
        mss = Math.clamp(syn.mss, SMALLEST_MSS, MSS);
        receiveNext = syn.sequence + 1;
        sendUnacknowledged = random.nextInt();
        sendNext = sendUnacknowledged + 1;
        sendMax = sendNext;
        sendEnd = sendNext;
        sendWindow = syn.window;
        requestBytes = 0;
        answer = null;
        established = false;
        synAckDue = true;
        ackDue = false;
        closing = false;
        finReceived = false;
        probing = false;
        retransmissions = 0;
        timerStartNanos = nowNanos;
        heardNanos = nowNanos;
    }

    /** Lets go of what the last one needed. */
    void clear() {
        answer = null;
    }

    boolean isWith(TcpSegment segment) {
        return remotePort == segment.remotePort
                && remoteAddress == segment.remoteAddress
                && localPort == segment.localPort;
    }

    /** When the guest was last heard of. */
    long heardNanos() {
        return heardNanos;
    }

    /** Makes {@code reset} the segment that tells the guest the connection is no more. */
    void describeReset(TcpSegment reset) {
        address(reset);
        reset.flags = TcpSegment.RST | TcpSegment.ACK;
        reset.sequence = sendMax;
        reset.acknowledgment = receiveNext;
        reset.window = 0;
    }

    /**
     * Takes a segment of the guest.
     *
     * @param frame where its payload is
     */
    Verdict receive(TcpSegment segment, ByteBuffer frame, long nowNanos) {
        heardNanos = nowNanos;
        remoteMac = segment.remoteMac;
        if (segment.has(TcpSegment.RST)) {
            return receiveReset(segment);
        }
        if (segment.has(TcpSegment.SYN)) {
            receiveSyn(segment, nowNanos);
            return Verdict.OPEN;
        }
        if (!segment.has(TcpSegment.ACK)) {
            return Verdict.OPEN;
        }
        if (!established) {
            if (segment.acknowledgment != sendNext) {
                return Verdict.REFUSED;
            }
            established = true;
            synAckDue = false;
        }
        if (!receiveAck(segment, nowNanos)) {
            return Verdict.OPEN;
        }
        receiveData(segment, frame);
        return proceed();
    }

    /** Only a reset that names the very next byte is believed; one near it is asked about (RFC 9293 §3.10.7.4). */
    private Verdict receiveReset(TcpSegment segment) {
        int ahead = segment.sequence - receiveNext;
        if (ahead == 0) {
            return Verdict.ENDED;
        }
        ackDue |= established && ahead > 0 && ahead < window();
        return Verdict.OPEN;
    }

    /** A SYN that comes again was not answered in time; another one is of a guest that begins anew. */
    private void receiveSyn(TcpSegment segment, long nowNanos) {
        if (established) {
            ackDue = true;
        } else if (segment.sequence + 1 == receiveNext) {
            synAckDue = true;
        } else {
            open(segment, nowNanos);
        }
    }

    /** Whether the rest of the segment counts. */
    private boolean receiveAck(TcpSegment segment, long nowNanos) {
        int acknowledged = segment.acknowledgment;
        if (acknowledged - sendMax > 0) {
            ackDue = true;
            return false;
        }
        int fresh = acknowledged - sendUnacknowledged;
        if (fresh < 0) {
            return true;
        }
        if (fresh > 0) {
            sendUnacknowledged = acknowledged;
            if (sendNext - acknowledged < 0) {
                sendNext = acknowledged;
            }
            timerStartNanos = nowNanos;
        }
        sendWindow = segment.window;
        if (fresh > 0 || sendWindow == 0) {
            // A guest without a window that answers is alive.
            retransmissions = 0;
        }
        if (answer != null && acknowledged - sendEnd >= 0) {
            answer = null;
        }
        return true;
    }

    private void receiveData(TcpSegment segment, ByteBuffer frame) {
        int known = receiveNext - segment.sequence;
        if (known < 0 || known > segment.payloadBytes) {
            // A gap, or what was there before: the guest is told what is next.
            ackDue = true;
            return;
        }
        int fresh = segment.payloadBytes - known;
        if (segment.payloadBytes > 0 || segment.has(TcpSegment.FIN)) {
            ackDue = true;
        }
        if (finReceived) {
            return;
        }
        int taken = Math.min(fresh, window());
        if (!closing) {
            frame.get(segment.payloadAt + known, request, requestBytes, taken);
            requestBytes += taken;
        }
        receiveNext += taken;
        if (taken == fresh && segment.has(TcpSegment.FIN)) {
            finReceived = true;
            receiveNext++;
        }
    }

    /** Answers the next request, if it is its turn, and ends what has come to its end. */
    private Verdict proceed() {
        if (answer == null && !closing) {
            int length = server.requestBytes(request, requestBytes);
            if (length > 0) {
                answer(length);
            } else if (requestBytes == REQUEST_BYTES) {
                return Verdict.ABORTED;
            } else {
                closing = finReceived;
            }
        }
        boolean finAcknowledged = closing && sendUnacknowledged - sendEnd > 0;
        return finReceived && finAcknowledged && !ackDue ? Verdict.ENDED : Verdict.OPEN;
    }

    private void answer(int lengthBytes) {
        RequestServer.Answer next = server.answer(request, lengthBytes);
        answer = next.bytes();
        answerStart = sendEnd;
        sendEnd += next.bytes().length;
        closing = !next.keepsConnection();
        requestBytes = closing ? 0 : requestBytes - lengthBytes;
        System.arraycopy(request, lengthBytes, request, 0, requestBytes);
        // The window is open again.
        ackDue = true;
    }

    /** How much the guest may send. */
    private int window() {
        return REQUEST_BYTES - requestBytes;
    }

    /** Whether time passes for this connection: something was not acknowledged, or cannot be sent. */
    boolean isWaiting() {
        return sendUnacknowledged != sendMax || (sendWindow == 0 && sendEnd - sendNext > 0);
    }

    /** Whether the last acknowledgment of both sides was sent, and nothing is left to do. */
    boolean isOver() {
        return finReceived && closing && sendUnacknowledged - sendEnd > 0 && !ackDue;
    }

    /** Whether nothing acknowledged what was sent, however often. */
    boolean isLost(long nowNanos) {
        return retransmissions == MAX_RETRANSMISSIONS && isOverdue(nowNanos);
    }

    private boolean isOverdue(long nowNanos) {
        return isWaiting()
                && nowNanos - timerStartNanos >= RETRANSMISSION_NANOS << Math.min(retransmissions, MAX_DOUBLINGS);
    }

    /**
     * Puts the next segment together, if one is due.
     *
     * @param segment to be filled
     * @return the frame's length in bytes; 0 if none is due
     */
    int send(TcpSegment segment, ByteBuffer frame, long nowNanos) {
        if (isOverdue(nowNanos)) {
            retransmissions++;
            timerStartNanos = nowNanos;
            synAckDue = !established;
            sendNext = established ? sendUnacknowledged : sendNext;
            probing = established && sendWindow == 0;
        }
        address(segment);
        if (!established) {
            return synAckDue ? sendSynAck(segment, frame, nowNanos) : 0;
        }
        int left = sendEnd - sendNext;
        int room = Math.max(sendWindow, probing ? 1 : 0) - (sendNext - sendUnacknowledged);
        int length = Math.clamp(room, 0, Math.min(Math.max(left, 0), mss));
        boolean finDue = closing && left == length;
        if (length == 0 && !finDue && !ackDue) {
            return 0;
        }
        segment.flags =
                TcpSegment.ACK | (finDue ? TcpSegment.FIN : 0) | (length > 0 && length == left ? TcpSegment.PSH : 0);
        segment.sequence = length > 0 || finDue ? sendNext : sendMax;
        if (length > 0 || finDue) {
            advance(length + (finDue ? 1 : 0), nowNanos);
        }
        ackDue = false;
        byte[] bytes = answer;
        return bytes == null || length == 0
                ? segment.write(frame)
                : segment.write(frame, bytes, segment.sequence - answerStart, length);
    }

    private int sendSynAck(TcpSegment segment, ByteBuffer frame, long nowNanos) {
        synAckDue = false;
        timerStartNanos = nowNanos;
        segment.flags = TcpSegment.SYN | TcpSegment.ACK;
        segment.sequence = sendUnacknowledged;
        segment.mss = MSS;
        return segment.write(frame);
    }

    private void advance(int numbers, long nowNanos) {
        if (sendUnacknowledged == sendMax) {
            timerStartNanos = nowNanos;
        }
        sendNext += numbers;
        if (sendNext - sendMax > 0) {
            sendMax = sendNext;
        }
        probing = false;
    }

    /** Begins a segment to the guest: whose it is, and what has come. */
    private void address(TcpSegment segment) {
        segment.remoteMac = remoteMac;
        segment.remoteAddress = remoteAddress;
        segment.remotePort = remotePort;
        segment.localPort = localPort;
        segment.acknowledgment = receiveNext;
        segment.window = window();
        segment.mss = 0;
    }
}
