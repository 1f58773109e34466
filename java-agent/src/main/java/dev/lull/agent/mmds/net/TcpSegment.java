package dev.lull.agent.mmds.net;

import java.nio.ByteBuffer;

/**
 * One TCP segment over IPv4 over Ethernet, taken apart or to be put together: a flyweight. {@code remote} is the guest's side,
 * whichever way the segment goes.
 */
final class TcpSegment {
    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int PSH = 8;
    static final int ACK = 16;

    /** What a peer takes that does not say (RFC 9293 §3.7.1). */
    static final int DEFAULT_MSS = 536;

    /** Half of an IPv4 header's version and length field: version 4. */
    private static final int VERSION_4 = 4;

    private static final int MORE_FRAGMENTS_OR_OFFSET = 0x3fff;
    private static final int OPTION_END = 0;
    private static final int OPTION_PADDING = 1;
    private static final int OPTION_MSS = 2;
    private static final int OPTION_MSS_BYTES = 4;

    /** Packets of this service never leave the guest's own network. */
    private static final byte TTL = 1;

    private static final byte[] NO_PAYLOAD = {};

    private final long localMac;
    private final int localAddress;
    long remoteMac;
    int remoteAddress;
    int remotePort;
    int localPort;
    int sequence;
    int acknowledgment;
    int flags;
    int window;

    /** The maximum segment size the sender takes, of a segment with {@link #SYN}; as written, 0 for no option. */
    int mss;

    /** Where the payload is in the frame it was read from. */
    int payloadAt;

    int payloadBytes;

    /** A segment of the station with these addresses. */
    TcpSegment(long localMac, int localAddress) {
        this.localMac = localMac;
        this.localAddress = localAddress;
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** How much of the sequence's numbers the segment takes. */
    int sequenceLength() {
        return payloadBytes + (has(SYN) ? 1 : 0) + (has(FIN) ? 1 : 0);
    }

    /** Whether {@code frame}, which has a whole IPv4 header, holds TCP. */
    static boolean isTcp(ByteBuffer frame) {
        return frame.get(PacketLayout.IPV4_PROTOCOL) == PacketLayout.PROTOCOL_TCP;
    }

    /**
     * Takes a frame apart.
     *
     * @param frame Ethernet, IPv4 by its EtherType
     * @param checksumMissing whether TCP's checksum is not there yet
     * @return false if it is malformed, damaged or a fragment
     */
    boolean read(ByteBuffer frame, boolean checksumMissing) {
        int versionAndLength = Byte.toUnsignedInt(frame.get(PacketLayout.IPV4_VERSION));
        int headerBytes = (versionAndLength & 0xf) * 4;
        int packetBytes = Short.toUnsignedInt(frame.getShort(PacketLayout.IPV4_LENGTH));
        int segmentBytes = packetBytes - headerBytes;
        if (versionAndLength >>> 4 != VERSION_4
                || headerBytes < PacketLayout.IPV4_BYTES
                || segmentBytes < PacketLayout.TCP_BYTES
                || PacketLayout.IPV4 + packetBytes > frame.limit()
                || (frame.getShort(PacketLayout.IPV4_FRAGMENT) & MORE_FRAGMENTS_OR_OFFSET) != 0
                || InternetChecksum.finish(InternetChecksum.add(0, frame, PacketLayout.IPV4, headerBytes)) != 0) {
            return false;
        }
        int tcp = PacketLayout.IPV4 + headerBytes;
        if (!checksumMissing
                && InternetChecksum.finish(InternetChecksum.add(
                                InternetChecksum.pseudoHeader(frame, segmentBytes), frame, tcp, segmentBytes))
                        != 0) {
            return false;
        }
        int offsetAndFlags = Short.toUnsignedInt(frame.getShort(tcp + PacketLayout.TCP_FLAGS));
        int tcpHeaderBytes = (offsetAndFlags >>> 12) * 4;
        if (tcpHeaderBytes < PacketLayout.TCP_BYTES || tcpHeaderBytes > segmentBytes) {
            return false;
        }
        remoteMac = getMac(frame, PacketLayout.ETHERNET_SOURCE);
        remoteAddress = frame.getInt(PacketLayout.IPV4_SOURCE);
        remotePort = Short.toUnsignedInt(frame.getShort(tcp + PacketLayout.TCP_SOURCE_PORT));
        localPort = Short.toUnsignedInt(frame.getShort(tcp + PacketLayout.TCP_DESTINATION_PORT));
        sequence = frame.getInt(tcp + PacketLayout.TCP_SEQUENCE);
        acknowledgment = frame.getInt(tcp + PacketLayout.TCP_ACKNOWLEDGMENT);
        flags = offsetAndFlags & (FIN | SYN | RST | PSH | ACK);
        window = Short.toUnsignedInt(frame.getShort(tcp + PacketLayout.TCP_WINDOW));
        mss = has(SYN) ? readMss(frame, tcp + PacketLayout.TCP_BYTES, tcp + tcpHeaderBytes) : DEFAULT_MSS;
        payloadAt = tcp + tcpHeaderBytes;
        payloadBytes = segmentBytes - tcpHeaderBytes;
        return true;
    }

    /** Options that make no sense end the list. */
    private static int readMss(ByteBuffer frame, int from, int end) {
        int at = from;
        while (at < end) {
            int kind = frame.get(at);
            if (kind == OPTION_PADDING) {
                at++;
                continue;
            }
            int length = at + 1 < end ? Byte.toUnsignedInt(frame.get(at + 1)) : 0;
            if (kind == OPTION_END || length < 2 || length > end - at) {
                break;
            }
            if (kind == OPTION_MSS && length == OPTION_MSS_BYTES) {
                return Short.toUnsignedInt(frame.getShort(at + 2));
            }
            at += length;
        }
        return DEFAULT_MSS;
    }

    /** Puts a frame without payload together; its length in bytes. */
    int write(ByteBuffer frame) {
        return write(frame, NO_PAYLOAD, 0, 0);
    }

    /** Puts a frame together, checksums and all; its length in bytes. */
    int write(ByteBuffer frame, byte[] payload, int from, int lengthBytes) {
        int tcp = PacketLayout.IPV4 + PacketLayout.IPV4_BYTES;
        int tcpHeaderBytes = PacketLayout.TCP_BYTES + (mss == 0 ? 0 : OPTION_MSS_BYTES);
        int segmentBytes = tcpHeaderBytes + lengthBytes;

        putMac(frame, PacketLayout.ETHERNET_DESTINATION, remoteMac);
        putMac(frame, PacketLayout.ETHERNET_SOURCE, localMac);
        frame.putShort(PacketLayout.ETHERNET_TYPE, (short) PacketLayout.TYPE_IPV4);

        frame.putShort(PacketLayout.IPV4_VERSION, (short) (VERSION_4 << 12 | (PacketLayout.IPV4_BYTES / 4) << 8));
        frame.putShort(PacketLayout.IPV4_LENGTH, (short) (PacketLayout.IPV4_BYTES + segmentBytes));
        frame.putInt(PacketLayout.IPV4_LENGTH + 2, 0);
        frame.put(PacketLayout.IPV4_TTL, TTL);
        frame.put(PacketLayout.IPV4_PROTOCOL, (byte) PacketLayout.PROTOCOL_TCP);
        frame.putShort(PacketLayout.IPV4_CHECKSUM, (short) 0);
        frame.putInt(PacketLayout.IPV4_SOURCE, localAddress);
        frame.putInt(PacketLayout.IPV4_DESTINATION, remoteAddress);
        frame.putShort(
                PacketLayout.IPV4_CHECKSUM,
                InternetChecksum.finish(InternetChecksum.add(0, frame, PacketLayout.IPV4, PacketLayout.IPV4_BYTES)));

        frame.putShort(tcp + PacketLayout.TCP_SOURCE_PORT, (short) localPort);
        frame.putShort(tcp + PacketLayout.TCP_DESTINATION_PORT, (short) remotePort);
        frame.putInt(tcp + PacketLayout.TCP_SEQUENCE, sequence);
        frame.putInt(tcp + PacketLayout.TCP_ACKNOWLEDGMENT, acknowledgment);
        frame.putShort(tcp + PacketLayout.TCP_FLAGS, (short) ((tcpHeaderBytes / 4) << 12 | flags));
        frame.putShort(tcp + PacketLayout.TCP_WINDOW, (short) window);
        // The checksum, and the urgent pointer.
        frame.putInt(tcp + PacketLayout.TCP_CHECKSUM, 0);
        if (mss != 0) {
            frame.putInt(tcp + PacketLayout.TCP_BYTES, OPTION_MSS << 24 | OPTION_MSS_BYTES << 16 | mss);
        }
        frame.put(tcp + tcpHeaderBytes, payload, from, lengthBytes);
        frame.putShort(
                tcp + PacketLayout.TCP_CHECKSUM,
                InternetChecksum.finish(InternetChecksum.add(
                        InternetChecksum.pseudoHeader(frame, segmentBytes), frame, tcp, segmentBytes)));
        return tcp + segmentBytes;
    }

    static long getMac(ByteBuffer frame, int at) {
        return (long) Short.toUnsignedInt(frame.getShort(at)) << 32 | Integer.toUnsignedLong(frame.getInt(at + 2));
    }

    static void putMac(ByteBuffer frame, int at, long mac) {
        frame.putShort(at, (short) (mac >>> 32));
        frame.putInt(at + 2, (int) mac);
    }
}
