package dev.lull.device.virtio.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.device.virtio.Allocations;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.TestContext;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.TestQueue.Used;
import dev.lull.device.virtio.TokenBucket;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A detour takes its frames before the port does, and its own reach the guest as the port's do. */
class FrameDetourTest {
    private static final long ALL = NetFeature.ALWAYS;
    private static final long MERGEABLE = NetFeature.MRG_RXBUF;
    private static final int HEADER = NetQueue.HEADER_BYTES;

    private final TestGuest guest = new TestGuest();
    private final PacketPort port = new PacketPort(1);
    private final DeviceStats stats = DeviceStats.inMemory("net0", 32);
    private final EchoDetour detour = new EchoDetour();
    private final VirtioNet device = device(port, RateLimiter.unlimited(), RateLimiter.unlimited(), stats, detour);
    private final TestQueue receive = new TestQueue(guest, 64);
    private final TestQueue transmit = new TestQueue(guest, 64);
    private final TestQueue control = new TestQueue(guest, 16);
    private TestContext context = new TestContext(guest, ALL, receive, transmit, control);

    private static VirtioNet device(
            FramePort port, RateLimiter in, RateLimiter out, DeviceStats stats, FrameDetour detour) {
        NetConfig config = new NetConfig(MacAddress.parse("02:00:00:00:00:0a"), false, NetConfig.NO_MTU);
        return new VirtioNet(config, port, in, out, stats, detour);
    }

    private void activate(long features) {
        context.close();
        context = new TestContext(guest, features, receive, transmit, control);
        context.activate(device);
        context.turn();
    }

    @AfterEach
    void close() {
        context.close();
        device.close();
    }

    @Test
    void aWantedFrameIsAnsweredAndNeverReachesThePort() {
        activate(ALL);
        TestQueue.Chain buffer = receive.chain().writable(70_000);
        buffer.publish();
        byte[] frame = wanted(100);
        transmit.chain()
                .readable(Arrays.copyOf(frame, HEADER + 3))
                .readable(Arrays.copyOfRange(frame, HEADER + 3, HEADER + 50))
                .readable(Arrays.copyOfRange(frame, HEADER + 50, frame.length))
                .publish();
        device.notified(1);
        assertThat(port.receive(0)).isNull();
        assertThat(transmit.takeUsed()).isNotNull();
        assertThat(detour.longestHead).isEqualTo(FrameDetour.HEAD_BYTES);
        assertThat(receive.takeUsed()).isEqualTo(new Used(0, HEADER + 100));
        assertThat(receive.interrupts()).isEqualTo(1);
        byte[] header = new byte[HEADER];
        header[NetQueue.NUM_BUFFERS] = 1;
        assertThat(buffer.bytes(0)).startsWith(header);
        assertThat(Arrays.copyOfRange(buffer.bytes(0), HEADER, HEADER + 100))
                .isEqualTo(Arrays.copyOfRange(frame, HEADER, frame.length));
    }

    @Test
    void otherFramesPassAsIfThereWereNoDetour() {
        activate(ALL);
        byte[] frame = wanted(60);
        frame[HEADER]++;
        transmit.chain().readable(frame).publish();
        byte[] shorter = Arrays.copyOf(frame, HEADER + 2);
        transmit.chain().readable(shorter).publish();
        transmit.chain().readable(new byte[HEADER]).publish();
        device.notified(1);
        assertThat(port.receive(0)).isEqualTo(frame);
        assertThat(port.receive(0)).isEqualTo(shorter);
        assertThat(port.receive(0)).isEqualTo(new byte[HEADER]);
        assertThat(detour.taken).isZero();

        receive.chain().writable(70_000).publish();
        port.send(0, frame);
        context.turn();
        assertThat(receive.takeUsed()).isEqualTo(new Used(0, frame.length));
    }

    @Test
    void theDetourHearsOfAMissingChecksum() {
        activate(ALL);
        byte[] frame = wanted(60);
        transmit.chain().readable(frame).publish();
        device.notified(1);
        assertThat(detour.checksumMissing).isFalse();
        frame[0] = 1;
        transmit.chain().readable(frame).publish();
        device.notified(1);
        assertThat(detour.checksumMissing).isTrue();
    }

    @Test
    void aFrameTooLongForTheDetourIsCut() {
        activate(ALL);
        transmit.chain().readable(wanted(60_000)).publish();
        device.notified(1);
        assertThat(detour.takenBytes).isEqualTo(FrameDetour.MAX_FRAME_BYTES);
        assertThat(transmit.takeUsed()).isNotNull();
        assertThat(port.receive(0)).isNull();
    }

    @Test
    void anAnswerLiesInAsManyBuffersAsItNeeds() {
        activate(MERGEABLE);
        TestQueue.Chain[] buffers = new TestQueue.Chain[4];
        for (int i = 0; i < buffers.length; i++) {
            buffers[i] = receive.chain().writable(20 + 30 * i).writable(500);
            buffers[i].publish();
        }
        byte[] frame = wanted(1000);
        transmit.chain().readable(frame).publish();
        device.notified(1);
        assertThat(receive.takeUsed()).isEqualTo(new Used(0, 520));
        assertThat(receive.takeUsed()).isEqualTo(new Used(2, HEADER + 1000 - 520));
        assertThat(receive.takeUsed()).isNull();
        byte[] received = new byte[HEADER + 1000];
        System.arraycopy(buffers[0].bytes(0), 0, received, 0, 20);
        System.arraycopy(buffers[0].bytes(1), 0, received, 20, 500);
        System.arraycopy(buffers[1].bytes(0), 0, received, 520, 50);
        System.arraycopy(buffers[1].bytes(1), 0, received, 570, received.length - 570);
        frame[NetQueue.NUM_BUFFERS] = 2;
        assertThat(received).isEqualTo(frame);
    }

    @Test
    void anAnswerWaitsForBuffers() {
        activate(ALL);
        transmit.chain().readable(wanted(60)).publish();
        device.notified(1);
        assertThat(transmit.takeUsed()).isNotNull();
        assertThat(receive.wantsDoorbell(0)).isTrue();
        receive.chain().writable(70_000).publish();
        device.notified(0);
        assertThat(receive.takeUsed()).isEqualTo(new Used(0, HEADER + 60));
    }

    @Test
    void anAnswerLongerThanTheOnlyBufferIsLostAndCounted() {
        activate(0);
        receive.chain().writable(HEADER + 59).publish();
        transmit.chain().readable(wanted(60)).publish();
        device.notified(1);
        assertThat(receive.takeUsed()).isNull();
        assertThat(stats.events()).contains(new DeviceStats.Event("receive.too-long", 1));
    }

    @Test
    void whateverPairAFrameCameByTheFirstBringsTheAnswer() {
        EchoDetour echo = new EchoDetour();
        try (PacketPort two = new PacketPort(2);
                VirtioNet pairs = device(
                        two,
                        RateLimiter.unlimited(),
                        RateLimiter.unlimited(),
                        DeviceStats.inMemory("net1", 32),
                        echo)) {
            TestQueue receive1 = new TestQueue(guest, 16);
            TestQueue transmit1 = new TestQueue(guest, 16);
            try (TestContext active =
                    new TestContext(guest, ALL | NetFeature.MQ, receive, transmit, receive1, transmit1, control)) {
                active.activate(pairs);
                control.chain()
                        .readable((byte) 4, (byte) 0, (byte) 2, (byte) 0)
                        .writable(1)
                        .publish();
                pairs.notified(4);
                receive.chain().writable(70_000).publish();
                receive1.chain().writable(70_000).publish();
                transmit1.chain().readable(wanted(60)).publish();
                pairs.notified(3);
                assertThat(transmit1.takeUsed()).isNotNull();
                assertThat(receive.takeUsed()).isEqualTo(new Used(0, HEADER + 60));
                assertThat(receive1.takeUsed()).isNull();
                active.unwatchAll();
                pairs.reset(() -> {});
            }
        }
    }

    @Test
    void neitherRatesNorADeadPortKeepTheDetourFromItsFrames() {
        try (PacketPort dead = new PacketPort(1);
                VirtioNet limited = device(dead, once(), once(), DeviceStats.inMemory("net2", 32), detour)) {
            context.activate(limited);
            dead.vanish();
            context.turn();
            for (int i = 0; i < 10; i++) {
                receive.chain().writable(70_000).publish();
                transmit.chain().readable(wanted(100)).publish();
                limited.notified(1);
                assertThat(receive.takeUsed()).isNotNull();
            }
            context.unwatchAll();
        }
    }

    /** One operation of one byte, and then none for long. */
    private static RateLimiter once() {
        return new RateLimiter(
                "slow",
                new TokenBucket(1, 0, TokenBucket.MAX_REFILL_NANOS, System::nanoTime),
                new TokenBucket(1, 0, TokenBucket.MAX_REFILL_NANOS, System::nanoTime));
    }

    @Test
    void timePassesForTheDetour() {
        activate(ALL);
        detour.delayNanos = 20_000_000;
        receive.chain().writable(70_000).publish();
        long start = System.nanoTime();
        transmit.chain().readable(wanted(60)).publish();
        device.notified(1);
        assertThat(receive.takeUsed()).isNull();
        Used[] used = {null};
        context.turnUntil(() -> {
            used[0] = receive.takeUsed();
            return used[0] != null;
        });
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(20_000_000);
        assertThat(used[0]).isEqualTo(new Used(0, HEADER + 60));
    }

    @Test
    void aResetReachesTheDetour() {
        activate(ALL);
        transmit.chain().readable(wanted(60)).publish();
        device.notified(1);
        context.reset();
        assertThat(detour.resets).isEqualTo(1);
        receive.reset();
        transmit.reset();
        control.reset();
        activate(ALL);
        receive.chain().writable(70_000).publish();
        device.notified(0);
        assertThat(receive.takeUsed()).isNull();
    }

    @Test
    @Tag("allocation")
    void aFrameAllocatesNothing() {
        activate(ALL);
        long gpa = guest.allocate(70_000, 1);
        long sent = guest.allocate(HEADER + 1000, 1);
        MemorySegment.copy(wanted(1000), 0, guest.at(sent, HEADER + 1000), JAVA_BYTE, 0, HEADER + 1000);
        int receiveHead = receive.chain().writableAt(gpa, 70_000).publish();
        int transmitHead = transmit.chain().readableAt(sent, HEADER + 1000).publish();
        Allocations.assertNone(() -> {
            for (int i = 0; i < 3000; i++) {
                device.notified(1);
                transmit.publish(transmitHead);
                receive.publish(receiveHead);
            }
        });
        assertThat(detour.taken).isGreaterThanOrEqualTo(3000);
    }

    /** A frame for the detour, of {@code lengthBytes} behind a header that says nothing. */
    private static byte[] wanted(int lengthBytes) {
        byte[] bytes = new byte[HEADER + lengthBytes];
        new SplittableRandom(lengthBytes).nextBytes(bytes);
        Arrays.fill(bytes, 0, HEADER, (byte) 0);
        bytes[HEADER] = EchoDetour.MARK;
        return bytes;
    }
}
