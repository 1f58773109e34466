package dev.lull.agent.mmds.net;

import java.nio.ByteBuffer;

/** The checksum of IPv4 and TCP (RFC 1071): the ones' complement of the sum of 16-bit words. */
final class InternetChecksum {
    private InternetChecksum() {}

    /**
     * Adds {@code lengthBytes} bytes of {@code buffer} from index {@code at} on to a sum; an odd last byte counts as one with a
     * zero behind it.
     */
    static long add(long sum, ByteBuffer buffer, int at, int lengthBytes) {
        long total = sum;
        int end = at + (lengthBytes & ~1);
        for (int i = at; i < end; i += 2) {
            total += Short.toUnsignedInt(buffer.getShort(i));
        }
        return (lengthBytes & 1) == 0 ? total : total + (Byte.toUnsignedInt(buffer.get(end)) << 8);
    }

    /** The start of a TCP segment's sum: the pseudo-header (RFC 9293 §3.1), whose addresses are those of the IPv4 header. */
    static long pseudoHeader(ByteBuffer frame, int segmentBytes) {
        return add(PacketLayout.PROTOCOL_TCP + segmentBytes, frame, PacketLayout.IPV4_SOURCE, 8);
    }

    /** The checksum of what was added up; 0 if a right checksum was among it. */
    static short finish(long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xffff) + (folded >>> 16);
        }
        return (short) ~folded;
    }
}
