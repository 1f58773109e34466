package dev.lull.agent.mmds.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.mmds.net.TestFrame.Segment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The guest's side of a connection to a station, step by step. */
final class TestConnection {
    /** A maximum segment size of 1460. */
    static final byte[] MSS_1460 = {2, 4, 0x05, (byte) 0xb4};

    final int port;
    private final ServiceStation station;
    int next = 0x7fff_fff0;
    int acknowledged;
    int window = 64_000;

    TestConnection(ServiceStation station, int port) {
        this.station = station;
        this.port = port;
    }

    /** The handshake. */
    TestConnection open() {
        return open(MSS_1460);
    }

    TestConnection open(byte[] options) {
        give(station, TestFrame.tcp(port, 80, next, 0, TestFrame.SYN, window, options, new byte[0]));
        next++;
        Segment synAck = only(frames(station));
        assertThat(synAck.flags()).isEqualTo(TestFrame.SYN | TestFrame.ACK);
        assertThat(synAck.acknowledgment()).isEqualTo(next);
        assertThat(synAck.mss()).isEqualTo(TcpConnection.MSS);
        acknowledged = synAck.end();
        send(TestFrame.ACK, "");
        assertThat(frames(station)).isEmpty();
        return this;
    }

    /** Sends data, or none, with flags. */
    void send(int flags, String data) {
        byte[] bytes = data.getBytes(StandardCharsets.UTF_8);
        sendAt(next, flags, data);
        next += bytes.length + (flags & TestFrame.FIN);
    }

    /** Sends, but as if {@code sequence} were next. */
    void sendAt(int sequence, int flags, String data) {
        give(
                station,
                TestFrame.tcp(port, 80, sequence, acknowledged, flags, window, data.getBytes(StandardCharsets.UTF_8)));
    }

    /** Receives what the station has, in order and without a gap, and acknowledges it. */
    String receive() {
        StringBuilder text = new StringBuilder();
        for (List<Segment> batch = frames(station); !batch.isEmpty(); batch = frames(station)) {
            int before = acknowledged;
            for (Segment segment : batch) {
                assertThat(segment.sequence()).isEqualTo(acknowledged);
                assertThat(segment.acknowledgment()).isEqualTo(next);
                acknowledged = segment.end();
                text.append(segment.payload());
            }
            if (acknowledged != before) {
                send(TestFrame.ACK, "");
            }
        }
        return text.toString();
    }

    /** A request's answer. */
    String ask(String request) {
        send(TestFrame.ACK | TestFrame.PSH, request);
        return receive();
    }

    /** Gives a frame to the station, which must want it. */
    static void give(ServiceStation station, ByteBuffer frame) {
        assertThat(wants(station, frame)).isTrue();
        station.take(frame, false);
    }

    static boolean wants(ServiceStation station, ByteBuffer frame) {
        return station.wants(frame.duplicate().limit(Math.min(frame.limit(), ServiceStation.HEAD_BYTES)));
    }

    /** All segments the station has now. */
    static List<Segment> frames(ServiceStation station) {
        List<Segment> segments = new ArrayList<>();
        ByteBuffer frame = ByteBuffer.allocate(ServiceStation.MAX_FRAME_BYTES);
        while (station.hasFrame()) {
            int length = station.nextFrame(frame.clear());
            if (length > 0) {
                segments.add(TestFrame.read(frame.limit(length)));
            }
        }
        return segments;
    }

    static Segment only(List<Segment> segments) {
        assertThat(segments).hasSize(1);
        return segments.getFirst();
    }
}
