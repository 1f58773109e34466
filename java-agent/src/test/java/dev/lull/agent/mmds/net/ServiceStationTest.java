package dev.lull.agent.mmds.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.mmds.net.TestFrame.Segment;
import dev.lull.device.virtio.net.FrameDetour;
import dev.lull.device.virtio.net.MacAddress;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The station answers ARP and requests by TCP as RFC 826 and RFC 9293 say, and holds no more than it must. */
class ServiceStationTest {
    private static final Duration PATIENCE = Duration.ofNanos(TcpConnection.RETRANSMISSION_NANOS);

    private final TestClock clock = new TestClock();
    private final List<String> events = new ArrayList<>();
    private final ServiceStation station = station(new Events());

    private ServiceStation station(StationEvents listener) {
        return new ServiceStation(
                MacAddress.parse("06:01:23:45:67:01"),
                TestFrame.STATION,
                80,
                new LineServer(),
                listener,
                clock,
                new SplittableRandom(1));
    }

    /** Answers a line {@code N} with N letters; {@code N!} is the last one. */
    private static final class LineServer implements RequestServer {
        @Override
        public int requestBytes(byte[] buffer, int count) {
            for (int i = 0; i < count; i++) {
                if (buffer[i] == '\n') {
                    return i + 1;
                }
            }
            return 0;
        }

        @Override
        public Answer answer(byte[] buffer, int lengthBytes) {
            String line = new String(buffer, 0, lengthBytes - 1, StandardCharsets.US_ASCII);
            int length = Integer.parseInt(line.replaceAll("[^0-9]", ""));
            return new Answer(letters(length).getBytes(StandardCharsets.US_ASCII), !line.endsWith("!"));
        }
    }

    private final class Events implements StationEvents {
        @Override
        public void received(Received what) {
            events.add(what.name());
        }

        @Override
        public void sent(int lengthBytes) {}

        @Override
        public void connectionCreated() {
            events.add("+");
        }

        @Override
        public void connectionDestroyed() {
            events.add("-");
        }

        @Override
        public void gaveUp() {
            events.add("gave up");
        }
    }

    /** Hears nothing, and so holds nothing. */
    private static final class Deaf implements StationEvents {
        @Override
        public void received(Received what) {}

        @Override
        public void sent(int lengthBytes) {}

        @Override
        public void connectionCreated() {}

        @Override
        public void connectionDestroyed() {}

        @Override
        public void gaveUp() {}
    }

    private static String letters(int count) {
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < count; i++) {
            letters.append((char) ('a' + i % 26));
        }
        return letters.toString();
    }

    private int openConnections() {
        return (int) (events.stream().filter("+"::equals).count()
                - events.stream().filter("-"::equals).count());
    }

    @Test
    void arpForItsAddressIsAnswered() {
        TestConnection.give(station, TestFrame.arp(1, TestFrame.STATION));
        ByteBuffer frame = ByteBuffer.allocate(FrameDetour.MAX_FRAME_BYTES);
        assertThat(station.hasFrame()).isTrue();
        assertThat(station.nextFrame(frame)).isEqualTo(42);
        ByteBuffer expected = ByteBuffer.allocate(42);
        expected.put(TestFrame.GUEST_MAC).put(TestFrame.STATION_MAC).putShort((short) 0x0806);
        expected.putShort((short) 1).putShort((short) 0x0800).putShort((short) 0x0604);
        expected.putShort((short) 2);
        expected.put(TestFrame.STATION_MAC).putInt(TestFrame.STATION);
        expected.put(TestFrame.GUEST_MAC).putInt(TestFrame.GUEST);
        assertThat(frame.limit(42)).isEqualTo(expected.clear());
        assertThat(TestConnection.frames(station)).isEmpty();
    }

    @Test
    void otherStationsFramesAreLeftAlone() {
        assertThat(TestConnection.wants(station, TestFrame.arp(1, TestFrame.STATION + 1)))
                .isFalse();
        ByteBuffer packet = TestFrame.tcp(1000, 80, 1, 0, TestFrame.SYN, 1000, new byte[0]);
        assertThat(TestConnection.wants(station, packet)).isTrue();
        packet.putInt(30, TestFrame.STATION ^ 1);
        assertThat(TestConnection.wants(station, packet)).isFalse();
        packet.putInt(30, TestFrame.STATION).putShort(12, (short) 0x86dd);
        assertThat(TestConnection.wants(station, packet)).isFalse();
        assertThat(TestConnection.wants(station, ByteBuffer.allocate(0))).isFalse();
        assertThat(TestConnection.wants(
                        station, TestFrame.arp(1, TestFrame.STATION).limit(41)))
                .isFalse();
    }

    @Test
    void framesNobodyShouldSendAreKeptFromThePortAndGetNoAnswer() {
        TestConnection.give(station, TestFrame.arp(2, TestFrame.STATION));
        ByteBuffer udp = TestFrame.tcp(1000, 80, 1, 0, TestFrame.SYN, 1000, new byte[0]);
        TestConnection.give(station, udp.put(23, (byte) 17));
        assertThat(TestConnection.frames(station)).isEmpty();
        assertThat(events).containsExactly("UNUSUAL", "UNUSUAL");
    }

    @Test
    void aRequestIsAnswered() {
        TestConnection guest = new TestConnection(station, 1000).open();
        assertThat(guest.ask("10\n")).isEqualTo(letters(10));
        assertThat(guest.ask("0020\n")).isEqualTo(letters(20));
        guest.send(TestFrame.FIN | TestFrame.ACK, "");
        Segment fin = TestConnection.only(TestConnection.frames(station));
        assertThat(fin.flags()).isEqualTo(TestFrame.FIN | TestFrame.ACK);
        assertThat(fin.acknowledgment()).isEqualTo(guest.next);
        guest.acknowledged = fin.end();
        guest.send(TestFrame.ACK, "");
        assertThat(TestConnection.frames(station)).isEmpty();
        assertThat(openConnections()).isZero();
    }

    @Test
    void theStationEndsAConnectionOfWhichNoneFollows() {
        TestConnection guest = new TestConnection(station, 1000).open();
        guest.send(TestFrame.ACK, "3000!\n7\n");
        List<Segment> answer = TestConnection.frames(station);
        assertThat(answer.stream().map(Segment::payload).reduce("", String::concat))
                .isEqualTo(letters(3000));
        assertThat(answer.getLast().flags()).isEqualTo(TestFrame.ACK | TestFrame.PSH | TestFrame.FIN);
        guest.acknowledged = answer.getLast().end();
        guest.send(TestFrame.ACK, "");
        assertThat(TestConnection.frames(station)).isEmpty();
        guest.send(TestFrame.FIN | TestFrame.ACK, "");
        Segment last = TestConnection.only(TestConnection.frames(station));
        assertThat(last.flags()).isEqualTo(TestFrame.ACK);
        assertThat(last.acknowledgment()).isEqualTo(guest.next);
        assertThat(openConnections()).isZero();
    }

    @Test
    void aGuestThatEndsItsSideStillGetsItsAnswer() {
        TestConnection guest = new TestConnection(station, 1000).open();
        guest.send(TestFrame.FIN | TestFrame.ACK, "5000\n");
        assertThat(guest.receive()).isEqualTo(letters(5000));
        assertThat(openConnections()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1459, 1460, 1461, 40_000, 64_000, 64_001, 200_000})
    void anAnswerOfAnyLengthComesWhole(int length) {
        TestConnection guest = new TestConnection(station, 1000).open();
        assertThat(guest.ask(length + "\n")).isEqualTo(letters(length));
    }

    @Test
    void segmentsAreAsLongAsTheGuestTakesThem() {
        TestConnection small = new TestConnection(station, 1000).open(new byte[] {1, 1, 2, 4, 0, 100, 0, 0});
        small.send(TestFrame.ACK, "250\n");
        assertThat(TestConnection.frames(station).stream().map(s -> s.payload().length()))
                .containsExactly(100, 100, 50);
        TestConnection silent = new TestConnection(station, 1001).open(new byte[0]);
        silent.send(TestFrame.ACK, "600\n");
        assertThat(TestConnection.frames(station).stream().map(s -> s.payload().length()))
                .containsExactly(536, 64);
        TestConnection absurd = new TestConnection(station, 1002).open(new byte[] {2, 4, 0, 0});
        absurd.send(TestFrame.ACK, "56\n");
        assertThat(TestConnection.frames(station).stream().map(s -> s.payload().length()))
                .containsExactly(28, 28);
        TestConnection large = new TestConnection(station, 1003).open(new byte[] {2, 4, -1, -1});
        large.send(TestFrame.ACK, "2000\n");
        assertThat(TestConnection.frames(station).stream().map(s -> s.payload().length()))
                .containsExactly(1460, 540);
    }

    @Test
    void noMoreIsSentThanTheGuestHasRoomFor() {
        TestConnection guest = new TestConnection(station, 1000).open();
        guest.window = 2000;
        guest.send(TestFrame.ACK, "5000\n");
        List<Segment> first = TestConnection.frames(station);
        assertThat(first.stream().mapToInt(s -> s.payload().length()).sum()).isEqualTo(2000);
        guest.acknowledged += 2000;
        guest.window = 0;
        guest.send(TestFrame.ACK, "");
        assertThat(TestConnection.frames(station)).isEmpty();

        // A window that opens unheard of is asked for, as long as the guest answers.
        for (int i = 0; i < 2 * TcpConnection.MAX_RETRANSMISSIONS; i++) {
            clock.pass(PATIENCE.multipliedBy(16));
            station.timeout();
            Segment probe = TestConnection.only(TestConnection.frames(station));
            assertThat(probe.sequence()).isEqualTo(guest.acknowledged);
            assertThat(probe.payload()).hasSize(1);
            guest.send(TestFrame.ACK, "");
        }
        guest.window = 10_000;
        guest.send(TestFrame.ACK, "");
        List<Segment> rest = TestConnection.frames(station);
        assertThat(rest.getLast().end()).isEqualTo(guest.acknowledged + 3000);
    }

    @Test
    void whatIsNotAcknowledgedIsSentAgain() {
        TestConnection guest = new TestConnection(station, 1000).open();
        assertThat(station.timeoutNanos()).isEqualTo(FrameDetour.NEVER);
        guest.send(TestFrame.ACK, "4000\n");
        List<Segment> first = TestConnection.frames(station);
        assertThat(first).hasSize(3);
        assertThat(station.timeoutNanos()).isLessThanOrEqualTo(TcpConnection.RETRANSMISSION_NANOS);
        guest.acknowledged = first.getFirst().end();
        guest.send(TestFrame.ACK, "");
        clock.pass(PATIENCE.minusNanos(1));
        station.timeout();
        assertThat(TestConnection.frames(station)).isEmpty();
        clock.pass(Duration.ofNanos(1));
        station.timeout();
        assertThat(guest.receive()).isEqualTo(letters(4000).substring(1460));
        assertThat(station.timeoutNanos()).isEqualTo(FrameDetour.NEVER);
        assertThat(guest.ask("5\n")).isEqualTo(letters(5));
    }

    @Test
    void aGuestThatNeverAcknowledgesIsGivenUp() {
        TestConnection guest = new TestConnection(station, 1000).open();
        guest.send(TestFrame.ACK, "10\n");
        int sent = TestConnection.frames(station).size();
        Segment last = null;
        for (int i = 0; i < 1000 && openConnections() > 0; i++) {
            clock.pass(Duration.ofMillis(250));
            station.timeout();
            for (Segment segment : TestConnection.frames(station)) {
                sent++;
                last = segment;
            }
        }
        assertThat(sent).isEqualTo(1 + TcpConnection.MAX_RETRANSMISSIONS + 1);
        assertThat(last).isNotNull();
        assertThat(last.flags()).isEqualTo(TestFrame.RST | TestFrame.ACK);
        assertThat(events).contains("gave up");
        assertThat(station.timeoutNanos()).isEqualTo(FrameDetour.NEVER);
    }

    @Test
    void aLostSynAckComesAgain() {
        TestConnection guest = new TestConnection(station, 1000);
        ByteBuffer syn = TestFrame.tcp(1000, 80, guest.next, 0, TestFrame.SYN, 1000, new byte[0]);
        TestConnection.give(station, syn);
        Segment first = TestConnection.only(TestConnection.frames(station));
        TestConnection.give(station, syn);
        assertThat(TestConnection.only(TestConnection.frames(station))).isEqualTo(first);
        clock.pass(PATIENCE);
        station.timeout();
        assertThat(TestConnection.only(TestConnection.frames(station))).isEqualTo(first);
        assertThat(openConnections()).isEqualTo(1);
        ByteBuffer other = TestFrame.tcp(1000, 80, 5, 0, TestFrame.SYN, 1000, new byte[0]);
        TestConnection.give(station, other);
        Segment second = TestConnection.only(TestConnection.frames(station));
        assertThat(second.acknowledgment()).isEqualTo(6);
        assertThat(second.sequence()).isNotEqualTo(first.sequence());
    }

    @Test
    void aRequestComesInAnyPieces() {
        TestConnection guest = new TestConnection(station, 1000).open();
        for (String piece : List.of("1", "23", "4", "\n")) {
            assertThat(guest.ask(piece)).isEqualTo(piece.equals("\n") ? letters(1234) : "");
        }
    }

    @Test
    void severalRequestsAtOnceAreAnsweredInTurn() {
        TestConnection guest = new TestConnection(station, 1000).open();
        assertThat(guest.ask("3000\n20\n10\n")).isEqualTo(letters(3000) + letters(20) + letters(10));
    }

    @Test
    void dataThatComesTwiceOrTooEarlyDoesNoHarm() {
        TestConnection guest = new TestConnection(station, 1000).open();
        int start = guest.next;
        guest.sendAt(start + 3, TestFrame.ACK, "00\n");
        Segment duplicate = TestConnection.only(TestConnection.frames(station));
        assertThat(duplicate.flags()).isEqualTo(TestFrame.ACK);
        assertThat(duplicate.acknowledgment()).isEqualTo(start);
        guest.send(TestFrame.ACK, "12");
        TestConnection.frames(station);
        guest.sendAt(start, TestFrame.ACK, "12");
        assertThat(TestConnection.only(TestConnection.frames(station)).acknowledgment())
                .isEqualTo(start + 2);
        // The first two bytes are known.
        guest.sendAt(start, TestFrame.ACK, "xx34\n");
        guest.next = start + 5;
        assertThat(guest.receive()).isEqualTo(letters(1234));
        // As a keep-alive does.
        guest.sendAt(guest.next - 1, TestFrame.ACK, "");
        assertThat(TestConnection.only(TestConnection.frames(station)).acknowledgment())
                .isEqualTo(guest.next);
    }

    @Test
    void theWindowIsTheRoomThatIsLeftAndOpensAgain() {
        TestConnection guest = new TestConnection(station, 1000).open();
        guest.send(TestFrame.ACK, "10000\n");
        assertThat(TestConnection.frames(station).getFirst().window()).isEqualTo(TcpConnection.REQUEST_BYTES);
        guest.send(TestFrame.ACK, "0".repeat(TcpConnection.REQUEST_BYTES - 2) + "7\n");
        assertThat(TestConnection.only(TestConnection.frames(station)).window()).isZero();
        guest.sendAt(guest.next, TestFrame.ACK, "more");
        assertThat(TestConnection.only(TestConnection.frames(station)).acknowledgment())
                .isEqualTo(guest.next);
        guest.acknowledged += 10_000;
        guest.send(TestFrame.ACK, "");
        Segment second = TestConnection.only(TestConnection.frames(station));
        assertThat(second.payload()).isEqualTo(letters(7));
        assertThat(second.window()).isEqualTo(TcpConnection.REQUEST_BYTES);
    }

    @Test
    void aRequestWithoutEndIsReset() {
        TestConnection guest = new TestConnection(station, 1000).open();
        guest.send(TestFrame.ACK, "0".repeat(TcpConnection.REQUEST_BYTES - 1));
        TestConnection.frames(station);
        guest.send(TestFrame.ACK, "0");
        Segment reset = TestConnection.only(TestConnection.frames(station));
        assertThat(reset.flags()).isEqualTo(TestFrame.RST | TestFrame.ACK);
        assertThat(reset.sequence()).isEqualTo(guest.acknowledged);
        assertThat(openConnections()).isZero();
    }

    @Test
    void onlyARightResetEndsAConnection() {
        TestConnection guest = new TestConnection(station, 1000).open();
        guest.sendAt(guest.next - 1, TestFrame.RST, "");
        assertThat(TestConnection.frames(station)).isEmpty();
        guest.sendAt(guest.next + 1, TestFrame.RST, "");
        assertThat(TestConnection.only(TestConnection.frames(station)).acknowledgment())
                .isEqualTo(guest.next);
        assertThat(openConnections()).isEqualTo(1);
        guest.sendAt(guest.next, TestFrame.RST, "");
        assertThat(TestConnection.frames(station)).isEmpty();
        assertThat(openConnections()).isZero();
    }

    @Test
    void whatBelongsToNoConnectionIsReset() {
        TestConnection.give(station, TestFrame.tcp(1000, 80, 5, 77, TestFrame.ACK, 1000, new byte[10]));
        Segment withAck = TestConnection.only(TestConnection.frames(station));
        assertThat(withAck.flags()).isEqualTo(TestFrame.RST);
        assertThat(withAck.sequence()).isEqualTo(77);
        TestConnection.give(station, TestFrame.tcp(1000, 81, 5, 0, TestFrame.SYN, 1000, new byte[10]));
        Segment closed = TestConnection.only(TestConnection.frames(station));
        assertThat(closed.flags()).isEqualTo(TestFrame.RST | TestFrame.ACK);
        assertThat(closed.acknowledgment()).isEqualTo(16);
        assertThat(closed.fromPort()).isEqualTo(81);
        TestConnection.give(station, TestFrame.tcp(1000, 80, 5, 0, TestFrame.RST, 1000, new byte[0]));
        assertThat(TestConnection.frames(station)).isEmpty();
        for (int i = 0; i < 1000; i++) {
            TestConnection.give(station, TestFrame.tcp(1000, 80, 5, 77, TestFrame.ACK, 1000, new byte[10]));
        }
        assertThat(TestConnection.frames(station)).hasSizeBetween(1, 100);
    }

    @Test
    void aWrongFirstAcknowledgmentIsRefused() {
        TestConnection.give(station, TestFrame.tcp(1000, 80, 5, 0, TestFrame.SYN, 1000, new byte[0]));
        Segment synAck = TestConnection.only(TestConnection.frames(station));
        TestConnection.give(station, TestFrame.tcp(1000, 80, 6, synAck.end() + 1, TestFrame.ACK, 1000, new byte[0]));
        Segment reset = TestConnection.only(TestConnection.frames(station));
        assertThat(reset.flags()).isEqualTo(TestFrame.RST);
        assertThat(reset.sequence()).isEqualTo(synAck.end() + 1);
        assertThat(openConnections()).isEqualTo(1);
    }

    @Test
    void aNewSynOnAnOpenConnectionIsAskedAbout() {
        TestConnection guest = new TestConnection(station, 1000).open();
        TestConnection.give(station, TestFrame.tcp(1000, 80, 99, 0, TestFrame.SYN, 1000, new byte[0]));
        Segment challenge = TestConnection.only(TestConnection.frames(station));
        assertThat(challenge.flags()).isEqualTo(TestFrame.ACK);
        assertThat(challenge.acknowledgment()).isEqualTo(guest.next);
        // A guest that knows nothing of the old one answers so, and tries again.
        guest.sendAt(challenge.acknowledgment(), TestFrame.RST, "");
        new TestConnection(station, 1000).open();
        assertThat(openConnections()).isEqualTo(1);
    }

    @Test
    void anIdleConnectionMakesRoomForANewOne() {
        List<TestConnection> guests = new ArrayList<>();
        for (int i = 0; i < TcpListener.MAX_CONNECTIONS; i++) {
            guests.add(new TestConnection(station, 1000 + i).open());
            clock.pass(Duration.ofMillis(1));
        }
        ByteBuffer syn = TestFrame.tcp(999, 80, 5, 0, TestFrame.SYN, 1000, new byte[0]);
        TestConnection.give(station, syn);
        Segment refused = TestConnection.only(TestConnection.frames(station));
        assertThat(refused.flags()).isEqualTo(TestFrame.RST | TestFrame.ACK);
        assertThat(refused.toPort()).isEqualTo(999);

        clock.pass(Duration.ofNanos(TcpListener.IDLE_NANOS));
        assertThat(guests.getFirst().ask("1\n")).isEqualTo("a");
        TestConnection.give(station, syn);
        List<Segment> both = TestConnection.frames(station);
        assertThat(both).hasSize(2);
        assertThat(both.getFirst().flags()).isEqualTo(TestFrame.RST | TestFrame.ACK);
        assertThat(both.getFirst().toPort()).isEqualTo(guests.get(1).port);
        assertThat(both.getLast().toPort()).isEqualTo(999);
        assertThat(openConnections()).isEqualTo(TcpListener.MAX_CONNECTIONS);
        assertThat(guests.getFirst().ask("1\n")).isEqualTo("a");
    }

    @Test
    void connectionsShareTheLink() {
        TestConnection one = new TestConnection(station, 1000).open();
        TestConnection two = new TestConnection(station, 1001).open();
        one.send(TestFrame.ACK, "20000\n");
        two.send(TestFrame.ACK, "20000\n");
        List<Segment> segments = TestConnection.frames(station);
        assertThat(segments.subList(0, 10).stream().map(Segment::toPort)).contains(1000, 1001);
    }

    @Test
    void aDamagedFrameIsLost() {
        ByteBuffer syn = TestFrame.tcp(1000, 80, 5, 0, TestFrame.SYN, 1000, new byte[0]);
        for (int at = 14; at < syn.limit(); at++) {
            if (at == 23 || (at >= 30 && at < 34)) {
                // Another protocol, or another station.
                continue;
            }
            ByteBuffer damaged =
                    ByteBuffer.allocate(syn.limit()).put(syn.duplicate()).clear();
            TestConnection.give(station, damaged.put(at, (byte) (damaged.get(at) ^ 0x10)));
        }
        TestConnection.give(station, TestFrame.fix(syn.putShort(20, (short) 0x2000)));
        TestConnection.give(station, TestFrame.fix(syn.putShort(20, (short) 1)));
        TestConnection.give(station, TestFrame.fix(syn.putShort(20, (short) 0).putShort(16, (short) 41)));
        assertThat(TestConnection.frames(station)).isEmpty();
        assertThat(events).containsOnly("MALFORMED");
    }

    @Test
    void aChecksumThatIsNotThereYetIsNotLookedAt() {
        ByteBuffer syn = TestFrame.tcp(1000, 80, 5, 0, TestFrame.SYN, 1000, new byte[0]);
        station.take(syn.putShort(50, (short) 0x1234), true);
        assertThat(TestConnection.frames(station)).hasSize(1);
    }

    @Test
    void aSegmentLongerThanAPacketIsTakenWhole() {
        TestConnection guest = new TestConnection(station, 1000).open();
        assertThat(guest.ask("0".repeat(2400) + "9\n")).isEqualTo(letters(9));
    }

    @Test
    void paddingBehindAPacketIsPassedOver() {
        ByteBuffer syn = TestFrame.tcp(1000, 80, 5, 0, TestFrame.SYN, 1000, new byte[0]);
        TestConnection.give(station, ByteBuffer.allocate(60).put(syn).clear());
        assertThat(TestConnection.only(TestConnection.frames(station)).acknowledgment())
                .isEqualTo(6);
    }

    @Test
    void aResetDeviceHasNoConnections() {
        new TestConnection(station, 1000).open();
        TestConnection.give(station, TestFrame.tcp(1001, 80, 5, 77, TestFrame.ACK, 1000, new byte[0]));
        TestConnection.give(station, TestFrame.arp(1, TestFrame.STATION));
        station.reset();
        assertThat(station.hasFrame()).isFalse();
        station.timeout();
        assertThat(TestConnection.frames(station)).isEmpty();
        assertThat(openConnections()).isZero();
        assertThat(new TestConnection(station, 1000).open().ask("3\n")).isEqualTo("abc");
    }

    @Test
    void aSegmentWithoutARequestAllocatesNothing() {
        ServiceStation quiet = station(new Deaf());
        TestConnection guest = new TestConnection(quiet, 1000).open();
        ByteBuffer keepAlive =
                TestFrame.tcp(1000, 80, guest.next - 1, guest.acknowledged, TestFrame.ACK, 1000, new byte[0]);
        ByteBuffer target = ByteBuffer.allocate(FrameDetour.MAX_FRAME_BYTES);
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        int answers = 0;
        for (int round = 0; round < 200 && least > 1000; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 2000; i++) {
                answers += exchange(quiet, keepAlive, target);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least).isLessThanOrEqualTo(1000);
        assertThat(answers).isGreaterThanOrEqualTo(2000);
    }

    private static int exchange(ServiceStation quiet, ByteBuffer frame, ByteBuffer target) {
        int answers = 0;
        if (quiet.wants(frame)) {
            quiet.take(frame, false);
        }
        while (quiet.hasFrame()) {
            answers += quiet.nextFrame(target.clear()) > 0 ? 1 : 0;
        }
        return answers;
    }
}
