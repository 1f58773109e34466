package dev.lull.device.virtio.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.virtio.Allocations;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.NotedWrites;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.TestContext;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.TestQueue.Used;
import dev.lull.device.virtio.TokenBucket;
import dev.lull.device.virtio.VirtioException;
import dev.lull.linux.TapConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Frames pass whole between guest and port; what the driver may not do breaks the device; the port may go. */
class VirtioNetTest {
    private static final long ALL = NetFeature.ALWAYS;
    private static final long PLAIN = NetFeature.MAC | NetFeature.STATUS;
    private static final int HEADER = NetQueue.HEADER_BYTES;

    private final TestGuest guest = new TestGuest();
    private final PacketPort port = new PacketPort(1);
    private final DeviceStats stats = DeviceStats.inMemory("net0", 32);
    private final VirtioNet device = new VirtioNet(
            new NetConfig(MacAddress.parse("02:00:00:00:00:0a"), false, 1500),
            port,
            RateLimiter.unlimited(),
            RateLimiter.unlimited(),
            stats);
    private final TestQueue receive = new TestQueue(guest, 64);
    private final TestQueue transmit = new TestQueue(guest, 64);
    private final TestQueue control = new TestQueue(guest, 16);
    private TestContext context = new TestContext(guest, ALL, receive, transmit, control);

    @AfterEach
    void close() {
        context.close();
        device.close();
    }

    private void activate(long features) {
        context.close();
        context = new TestContext(guest, features, receive, transmit, control);
        context.activate(device);
        context.turn();
    }

    @Test
    void whatItWritesIsNoted() {
        activate(ALL);
        for (int i = 0; i < 44; i++) {
            receive.chain().writable(4096).publish();
        }
        control.chain()
                .readable((byte) 4, (byte) 0, (byte) 0, (byte) 0)
                .writable(1)
                .publish();
        NotedWrites writes = new NotedWrites(guest);
        port.send(0, bytes(7, HEADER + 9000));
        port.send(0, bytes(8, HEADER + 60));
        context.turn();
        device.notified(2);
        writes.areOfAtLeast(4);
    }

    @Test
    void whatIsWrittenInVainIsNoted() {
        activate(PLAIN);
        receive.chain().writable(6000).publish();
        NotedWrites writes = new NotedWrites(guest);
        port.send(0, bytes(7, HEADER + 9000));
        context.turn();
        assertThat(receive.takeUsed()).isNull();
        writes.areOfAtLeast(2);
    }

    @Test
    void theConfigurationIsThatOfTheSpecification() {
        assertThat(device.readConfig(0, 4)).isEqualTo(0x0000_0002L);
        assertThat(device.readConfig(4, 2)).isEqualTo(0x0a00);
        assertThat(device.readConfig(6, 2)).isEqualTo(1);
        assertThat(device.readConfig(8, 2)).isEqualTo(1);
        assertThat(device.readConfig(10, 2)).isEqualTo(1500);
        assertThat(device.readConfig(5, 1)).isEqualTo(0x0a);
        assertThat(device.readConfig(12, 4)).isZero();
        assertThat(device.readConfig(Integer.MAX_VALUE - 1, 4)).isZero();
        assertThat(device.queueSizes()).hasSize(3);
        assertThat(device.features() & NetFeature.MQ).isZero();
    }

    @Test
    void anMtuIsToldOnlyIfThereIsOne() {
        assertThat(device.features() & NetFeature.MTU).isNotZero();
        for (int mtu : new int[] {68, 9000, 65535, NetConfig.NO_MTU}) {
            try (VirtioNet other = new VirtioNet(
                    new NetConfig(MacAddress.parse("02:00:00:00:00:0d"), false, mtu),
                    new PacketPort(1),
                    RateLimiter.unlimited(),
                    RateLimiter.unlimited(),
                    DeviceStats.inMemory("net1", 32))) {
                assertThat(other.readConfig(10, 2)).isEqualTo(mtu);
                assertThat(other.features() & NetFeature.MTU).isEqualTo(mtu == 0 ? 0 : NetFeature.MTU);
            }
        }
        for (int mtu : new int[] {-1, 1, 67, 65536}) {
            assertThatThrownBy(() -> new NetConfig(MacAddress.parse("02:00:00:00:00:0d"), false, mtu))
                    .hasMessage("an MTU of " + mtu + " bytes; there are 68 to 65535");
        }
    }

    @Test
    void aFrameFromTheGuestLeavesWhole() {
        activate(ALL);
        byte[] frame = bytes(1, HEADER + 200);
        TestQueue.Chain chain = transmit.chain()
                .readable(Arrays.copyOf(frame, 5))
                .readable(Arrays.copyOfRange(frame, 5, 100))
                .readable(Arrays.copyOfRange(frame, 100, frame.length));
        int head = chain.publish();
        device.notified(1);
        assertThat(port.receive(0)).isEqualTo(frame);
        assertThat(transmit.takeUsed()).isEqualTo(new Used(head, 0));
        assertThat(transmit.interrupts()).isEqualTo(1);
        assertThat(stats.requests().get(1).bytes()).isEqualTo(200);
    }

    @Test
    void manyFramesMakeOneInterrupt() {
        activate(ALL);
        for (int i = 0; i < 40; i++) {
            transmit.chain().readable(bytes(i, HEADER + 60 + i)).publish();
        }
        device.notified(1);
        for (int i = 0; i < 40; i++) {
            assertThat(port.receive(0)).isEqualTo(bytes(i, HEADER + 60 + i));
            assertThat(transmit.takeUsed()).isNotNull();
        }
        assertThat(transmit.interrupts()).isEqualTo(1);

        for (int i = 0; i < 20; i++) {
            receive.chain().writable(4000).publish();
            port.send(0, bytes(i, HEADER + 60 + i));
        }
        context.turn();
        assertThat(receive.interrupts()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"60, 1", "1588, 1", "1589, 2", "4588, 2", "4589, 3", "65550, 23"})
    void aFrameToTheGuestLiesInAsManyBuffersAsItNeeds(int frameBytes, int expectedBuffers) {
        activate(ALL);
        List<TestQueue.Chain> chains = new ArrayList<>();
        for (int i = 0; i < 44; i++) {
            TestQueue.Chain chain = receive.chain().writable(i == 0 ? 1600 : 3000);
            chains.add(chain);
            chain.publish();
        }
        byte[] frame = bytes(7, HEADER + frameBytes);
        port.send(0, frame);
        context.turn();
        byte[] received = new byte[frame.length];
        int at = 0;
        for (TestQueue.Chain chain : chains) {
            Used used = receive.takeUsed();
            if (used == null) {
                break;
            }
            System.arraycopy(chain.bytes(0), 0, received, at, used.writtenBytes());
            at += used.writtenBytes();
        }
        int buffers = frameBytes + HEADER <= 1600 ? 1 : 1 + (frameBytes + HEADER - 1600 + 2999) / 3000;
        assertThat(buffers).isEqualTo(expectedBuffers);
        frame[NetQueue.NUM_BUFFERS] = (byte) buffers;
        frame[NetQueue.NUM_BUFFERS + 1] = 0;
        assertThat(received).isEqualTo(frame);
        assertThat(receive.interrupts()).isEqualTo(1);
    }

    @Test
    void withoutMergingAFrameHasOneBuffer() {
        activate(PLAIN);
        TestQueue.Chain chain = receive.chain().writable(HEADER).writable(100);
        chain.publish();
        port.send(0, bytes(1, HEADER + 101));
        byte[] fits = bytes(2, HEADER + 100);
        port.send(0, fits);
        context.turn();
        assertThat(receive.takeUsed()).isEqualTo(new Used(0, HEADER + 100));
        assertThat(chain.buffer(0).get(JAVA_SHORT_UNALIGNED, NetQueue.NUM_BUFFERS))
                .isEqualTo((short) 1);
        assertThat(chain.bytes(1)).isEqualTo(Arrays.copyOfRange(fits, HEADER, fits.length));
        assertThat(stats.requests().getFirst().requests()).isEqualTo(1);
    }

    @Test
    void framesWaitForBuffersAndTheDoorbell() {
        activate(ALL);
        for (int i = 0; i < 5; i++) {
            port.send(0, bytes(i, HEADER + 60));
        }
        context.turn();
        assertThat(receive.takeUsed()).isNull();
        assertThat(receive.wantsDoorbell(0)).isTrue();
        for (int i = 0; i < 5; i++) {
            TestQueue.Chain chain = receive.chain().writable(70_000);
            chain.publish();
            device.notified(0);
            assertThat(receive.takeUsed()).isNotNull();
            assertThat(chain.bytes(0)).startsWith(Arrays.copyOf(bytes(i, HEADER), NetQueue.NUM_BUFFERS));
        }
    }

    @Test
    void aPortThatTakesNoMoreIsWaitedFor() {
        activate(ALL);
        int sent = 0;
        byte[] frame = bytes(3, HEADER + 60_000);
        long gpa = guest.allocate(frame.length, 1);
        MemorySegment.copy(frame, 0, guest.at(gpa, frame.length), JAVA_BYTE, 0, frame.length);
        for (int i = 0; i < 64; i++) {
            transmit.chain().readableAt(gpa, frame.length).publish();
            sent++;
        }
        device.notified(1);
        int received = 0;
        while (received < sent) {
            byte[] next = port.receive(0);
            if (next == null) {
                context.turn();
            } else {
                assertThat(next).isEqualTo(frame);
                received++;
            }
        }
        context.turn();
        int used = 0;
        while (transmit.takeUsed() != null) {
            used++;
        }
        assertThat(used).isEqualTo(64);
        assertThat(port.receive(0)).isNull();
    }

    @Test
    void aBatchLeavesTheLoopToOthers() {
        TestQueue large = new TestQueue(guest, 256);
        context.close();
        context = new TestContext(guest, ALL, receive, large, control);
        context.activate(device);
        for (int i = 0; i < 200; i++) {
            large.chain().readable(bytes(i, HEADER + 10)).publish();
        }
        device.notified(1);
        assertThat(taken(large)).isEqualTo(NetQueue.BATCH_PACKETS);
        context.turn();
        assertThat(taken(large)).isEqualTo(200 - NetQueue.BATCH_PACKETS);
    }

    private static int taken(TestQueue queue) {
        int count = 0;
        while (queue.takeUsed() != null) {
            count++;
        }
        return count;
    }

    @Test
    void aPortThatGoesIsALinkThatIsDown() {
        activate(ALL);
        assertThat(device.readConfig(6, 2)).isEqualTo(1);
        receive.chain().writable(70_000).publish();
        port.vanish();
        context.turn();
        assertThat(device.readConfig(6, 2)).isZero();
        assertThat(context.configChanges()).isEqualTo(1);
        transmit.chain().readable(bytes(1, HEADER + 60)).publish();
        device.notified(1);
        assertThat(transmit.takeUsed()).isNotNull();
        context.turn();
        assertThat(context.configChanges()).isEqualTo(1);
    }

    @Test
    void aResetStartsAgain() {
        activate(ALL);
        receive.chain().writable(70_000).publish();
        port.send(0, bytes(1, HEADER + 60));
        boolean[] quiet = new boolean[1];
        context.unwatchAll();
        device.reset(() -> quiet[0] = true);
        assertThat(quiet[0]).isTrue();
        receive.reset();
        transmit.reset();
        control.reset();
        activate(PLAIN);
        receive.chain().writable(1600).publish();
        device.notified(0);
        assertThat(receive.takeUsed()).isEqualTo(new Used(0, HEADER + 60));
        assertThat(port.requests).contains("offloads 15").endsWith("offloads 0", "filter 0");
    }

    @Test
    void controlCommandsAreObeyedOrRefused() {
        activate(ALL);
        port.requests.clear();
        assertThat(command(0, 0, 0)).isZero();
        assertThat(command(0, 1, 1)).isZero();
        assertThat(command(0, 3, 1)).isZero();
        assertThat(command(0, 6, 1)).isEqualTo(1);
        assertThat(command(0, 0)).isEqualTo(1);
        assertThat(command(1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0)).isZero();
        assertThat(command(1, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0)).isEqualTo(1);
        assertThat(command(1, 0, 0, 0, 0, 0x80, 0, 0, 0, 0)).isEqualTo(1);
        assertThat(port.requests).containsExactly("filter 2", "filter 2 and multicast", "filter 2", "filter 3");

        assertThat(command(1, 1, 2, 0, 0, 0, 0, 0x42)).isZero();
        assertThat(device.readConfig(5, 1)).isEqualTo(0x42);
        assertThat(command(1, 1, 3, 0, 0, 0, 0, 0x42)).isEqualTo(1);
        assertThat(command(1, 1, 2, 0, 0, 0, 0)).isEqualTo(1);

        port.requests.clear();
        assertThat(command(5, 0, 2, 4, 0, 0, 0, 0, 0, 0)).isEqualTo(1);
        assertThat(command(5, 0, 0x82, 0, 0, 0, 0, 0, 0, 0)).isZero();
        assertThat(command(5, 0, 1 << 3, 0, 0, 0, 0, 0, 0, 0)).isEqualTo(1);
        assertThat(port.requests).containsExactly("offloads " + (TapConstants.TUN_F_CSUM | TapConstants.TUN_F_TSO4));

        assertThat(command(4, 0, 1, 0)).isEqualTo(1);
        assertThat(command(2, 0, 0, 0)).isEqualTo(1);
        assertThat(command(0xff, 0xff)).isEqualTo(1);
    }

    private int command(int... bytes) {
        byte[] command = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            command[i] = (byte) bytes[i];
        }
        TestQueue.Chain chain = control.chain()
                .readable(command[0], command[1])
                .readable(Arrays.copyOfRange(command, 2, command.length));
        if (command.length == 2) {
            chain = control.chain().readable(command);
        }
        chain.writable(1);
        chain.publish();
        device.notified(2);
        assertThat(control.takeUsed()).isNotNull();
        return chain.bytes(command.length == 2 ? 1 : 2)[0];
    }

    @Test
    void whatBreaksARuleBreaksTheDevice() {
        activate(ALL);
        transmit.chain().readable(new byte[HEADER - 1]).publish();
        assertThatThrownBy(() -> device.notified(1)).isInstanceOf(VirtioException.class);
        activate(ALL);
        receive.chain().writable(HEADER - 1).publish();
        port.send(0, bytes(1, 60));
        assertThatThrownBy(context::turn).hasCauseInstanceOf(VirtioException.class);
        control.chain().writable(1).publish();
        assertThatThrownBy(() -> device.notified(2)).isInstanceOf(VirtioException.class);
    }

    @Test
    void anAbsurdFrameIsLostAndCounted() {
        activate(ALL);
        transmit.chain().readableAt(0, NetQueue.MAX_FRAME_BYTES + 1).publish();
        device.notified(1);
        assertThat(transmit.takeUsed()).isNotNull();
        assertThat(port.receive(0)).isNull();
    }

    @Test
    void severalPairsEachHaveTheirOwnQueue() {
        try (PacketPort two = new PacketPort(2);
                VirtioNet pairs = new VirtioNet(
                        new NetConfig(MacAddress.parse("02:00:00:00:00:0b"), true, NetConfig.NO_MTU),
                        two,
                        RateLimiter.unlimited(),
                        RateLimiter.unlimited(),
                        DeviceStats.inMemory("net1", 32))) {
            assertThat(pairs.features() & NetFeature.MQ).isNotZero();
            assertThat(pairs.features() & NetFeature.STANDBY).isNotZero();
            assertThat(pairs.readConfig(8, 2)).isEqualTo(2);
            TestQueue receive1 = new TestQueue(guest, 16);
            TestQueue transmit1 = new TestQueue(guest, 16);
            try (TestContext active =
                    new TestContext(guest, ALL | NetFeature.MQ, receive, transmit, receive1, transmit1, control)) {
                active.activate(pairs);
                assertThat(two.requests).contains("queue 0 on", "queue 1 off");
                transmit1.chain().readable(bytes(1, HEADER + 60)).publish();
                pairs.notified(3);
                assertThat(transmit1.takeUsed()).isNull();
                TestQueue.Chain command = control.chain()
                        .readable((byte) 4, (byte) 0, (byte) 2, (byte) 0)
                        .writable(1);
                command.publish();
                pairs.notified(4);
                assertThat(command.bytes(1)[0]).isZero();
                assertThat(two.requests).endsWith("queue 0 on", "queue 1 on");
                pairs.notified(3);
                assertThat(two.receive(1)).isEqualTo(bytes(1, HEADER + 60));
                receive1.chain().writable(70_000).publish();
                two.send(1, bytes(2, HEADER + 60));
                active.turn();
                assertThat(receive1.takeUsed()).isNotNull();
                active.unwatchAll();
                pairs.reset(() -> {});
            }
        }
    }

    @Test
    void bothDirectionsKeepToTheirRates() {
        try (PacketPort slow = new PacketPort(1);
                VirtioNet limited = new VirtioNet(
                        new NetConfig(MacAddress.parse("02:00:00:00:00:0c"), false, NetConfig.NO_MTU),
                        slow,
                        new RateLimiter("in", null, new TokenBucket(2, 0, 20_000_000, System::nanoTime)),
                        new RateLimiter("out", new TokenBucket(100, 0, 20_000_000, System::nanoTime), null),
                        DeviceStats.inMemory("net2", 32))) {
            context.activate(limited);
            for (int i = 0; i < 4; i++) {
                transmit.chain().readable(bytes(i, HEADER + 100)).publish();
                receive.chain().writable(70_000).publish();
                slow.send(0, bytes(i, HEADER + 60));
            }
            long start = System.nanoTime();
            limited.notified(1);
            assertThat(taken(transmit)).isEqualTo(1);
            context.turn();
            int[] count = {1, 0};
            context.turnUntil(() -> {
                count[0] += taken(transmit);
                count[1] += taken(receive);
                return count[0] == 4 && count[1] == 4;
            });
            assertThat(System.nanoTime() - start).isGreaterThan(55_000_000);
            for (int i = 0; i < 4; i++) {
                assertThat(slow.receive(0)).isEqualTo(bytes(i, HEADER + 100));
            }
            context.unwatchAll();
        }
    }

    @Test
    void eachDirectionsLimitMayBeLifted() {
        activate(ALL);
        device.receiveLimiter().limitOperations(new TokenBucket(1, 0, 1L << 40, System::nanoTime));
        device.transmitLimiter().limitBytes(new TokenBucket(100, 0, 1L << 40, System::nanoTime));
        context.turn();
        for (int i = 0; i < 2; i++) {
            transmit.chain().readable(bytes(i, HEADER + 100)).publish();
            receive.chain().writable(70_000).publish();
            port.send(0, bytes(i, HEADER + 60));
        }
        device.notified(1);
        context.turn();
        context.turn();
        assertThat(taken(transmit)).isEqualTo(1);
        assertThat(taken(receive)).isEqualTo(1);
        device.transmitLimiter().limitBytes(null);
        context.turnUntil(() -> taken(transmit) == 1);
        assertThat(taken(receive)).isZero();
        device.receiveLimiter().limitOperations(null);
        context.turnUntil(() -> taken(receive) == 1);
    }

    @Test
    @Tag("allocation")
    void aPacketAllocatesNothing() {
        activate(ALL);
        MemorySegment frame = Arena.ofAuto().allocate(HEADER + 1000);
        long gpa = guest.allocate(70_000, 1);
        int receiveHead = receive.chain().writableAt(gpa, 70_000).publish();
        int transmitHead = transmit.chain().readableAt(gpa, HEADER + 1000).publish();
        Allocations.assertNone(() -> {
            for (int i = 0; i < 3000; i++) {
                pass(frame, receiveHead, transmitHead);
            }
        });
        assertThat(stats.requests().getFirst().requests())
                .isGreaterThanOrEqualTo(3000)
                .isEqualTo(stats.requests().get(1).requests());
    }

    private void pass(MemorySegment frame, int receiveHead, int transmitHead) {
        device.notified(1);
        port.drain();
        port.trySend(frame);
        context.turn();
        transmit.publish(transmitHead);
        receive.publish(receiveHead);
    }

    private static byte[] bytes(int seed, int lengthBytes) {
        byte[] bytes = new byte[lengthBytes];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }
}
