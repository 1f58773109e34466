package dev.lull.agent.mmds.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** Frames as a test makes and reads them, by arithmetic of its own. */
final class TestFrame {
    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int PSH = 8;
    static final int ACK = 16;

    static final byte[] GUEST_MAC = HexFormat.of().parseHex("020000000002");
    static final byte[] STATION_MAC = HexFormat.of().parseHex("060123456701");
    static final int GUEST = 0x0a4e0002;
    static final int STATION = 0xa9fea9fe;

    /** What a segment from the station says; {@code mss} is 0 without the option. */
    record Segment(
            int fromPort,
            int toPort,
            int sequence,
            int acknowledgment,
            int flags,
            int window,
            int mss,
            String payload) {
        int end() {
            return sequence + payload.length() + (flags & SYN) / SYN + (flags & FIN);
        }
    }

    private TestFrame() {}

    /** An ARP packet of the guest. */
    static ByteBuffer arp(int operation, int target) {
        ByteBuffer frame = ByteBuffer.allocate(42);
        byte[] broadcast = new byte[6];
        Arrays.fill(broadcast, (byte) -1);
        frame.put(broadcast).put(GUEST_MAC).putShort((short) 0x0806);
        frame.putShort((short) 1).putShort((short) 0x0800).put((byte) 6).put((byte) 4);
        frame.putShort((short) operation);
        frame.put(GUEST_MAC).putInt(GUEST).put(new byte[6]).putInt(target);
        return frame.clear();
    }

    /** A TCP segment of the guest, its checksums complete. */
    static ByteBuffer tcp(
            int fromPort, int toPort, int sequence, int acknowledgment, int flags, int window, byte[] data) {
        return tcp(fromPort, toPort, sequence, acknowledgment, flags, window, new byte[0], data);
    }

    /** As above, with options, a multiple of four bytes. */
    static ByteBuffer tcp(
            int fromPort,
            int toPort,
            int sequence,
            int acknowledgment,
            int flags,
            int window,
            byte[] options,
            byte[] data) {
        int header = 20 + options.length;
        ByteBuffer frame = ByteBuffer.allocate(14 + 20 + header + data.length);
        frame.put(STATION_MAC).put(GUEST_MAC).putShort((short) 0x0800);
        frame.put((byte) 0x45).put((byte) 0).putShort((short) (20 + header + data.length));
        frame.putShort((short) 77)
                .putShort((short) 0x4000)
                .put((byte) 64)
                .put((byte) 6)
                .putShort((short) 0);
        frame.putInt(GUEST).putInt(STATION);
        frame.putShort((short) fromPort)
                .putShort((short) toPort)
                .putInt(sequence)
                .putInt(acknowledgment);
        frame.put((byte) ((header / 4) << 4)).put((byte) flags).putShort((short) window);
        frame.putInt(0).put(options).put(data);
        return fix(frame.clear());
    }

    /** Makes the checksums right. */
    static ByteBuffer fix(ByteBuffer frame) {
        frame.putShort(24, (short) 0).putShort(24, (short) ~sum(frame, 14, 34, 0));
        frame.putShort(50, (short) 0).putShort(50, (short) ~tcpSum(frame));
        return frame;
    }

    private static int tcpSum(ByteBuffer frame) {
        return sum(frame, 34, frame.limit(), 6 + frame.limit() - 34 + sum(frame, 26, 34, 0));
    }

    private static int sum(ByteBuffer frame, int from, int end, int start) {
        int sum = start;
        for (int i = from; i < end; i++) {
            int octet = frame.get(i) & 0xff;
            sum += (i - from) % 2 == 0 ? octet << 8 : octet;
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }

    /** Reads a segment of the station, all of whose headers must be right. */
    static Segment read(ByteBuffer frame) {
        byte[] macs = new byte[12];
        frame.get(0, macs);
        assertThat(macs).startsWith(GUEST_MAC).endsWith(STATION_MAC);
        assertThat(frame.getShort(12)).isEqualTo((short) 0x0800);
        assertThat(frame.get(14)).isEqualTo((byte) 0x45);
        assertThat(frame.getShort(16)).isEqualTo((short) (frame.limit() - 14));
        assertThat(frame.getShort(20)).isZero();
        assertThat(frame.get(22)).as("TTL").isEqualTo((byte) 1);
        assertThat(sum(frame, 14, 34, 0)).as("IPv4 checksum").isEqualTo(0xffff);
        assertThat(frame.getInt(26)).isEqualTo(STATION);
        assertThat(frame.getInt(30)).isEqualTo(GUEST);
        assertThat(tcpSum(frame)).as("TCP checksum").isEqualTo(0xffff);
        int header = (frame.get(46) >>> 4 & 0xf) * 4;
        assertThat(header).isIn(20, 24);
        byte[] payload = new byte[frame.limit() - 34 - header];
        frame.get(34 + header, payload);
        return new Segment(
                frame.getShort(34) & 0xffff,
                frame.getShort(36) & 0xffff,
                frame.getInt(38),
                frame.getInt(42),
                frame.get(47),
                frame.getShort(48) & 0xffff,
                header == 24 ? frame.getShort(56) & 0xffff : 0,
                new String(payload, StandardCharsets.ISO_8859_1));
    }
}
