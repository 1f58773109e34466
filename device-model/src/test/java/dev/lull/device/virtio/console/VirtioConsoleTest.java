package dev.lull.device.virtio.console;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.virtio.Allocations;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.NotedWrites;
import dev.lull.device.virtio.RequestStats;
import dev.lull.device.virtio.TestContext;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.VirtioException;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The console passes every byte on in order, both ways, however slow the other side is, and never waits on the loop. */
class VirtioConsoleTest {
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    private final TestGuest guest = new TestGuest();
    private final TestQueue receiver = new TestQueue(guest, 64);
    private final TestQueue transmitter = new TestQueue(guest, 64);
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private int room = Integer.MAX_VALUE;
    private final DeviceStats stats = DeviceStats.inMemory("console0", 8);
    private final VirtioConsole console = new VirtioConsole(this::accept, stats, SystemNanoClock.INSTANCE);
    private final TestContext context = new TestContext(guest, 1, receiver, transmitter);

    @BeforeEach
    void activate() {
        context.activate(console);
    }

    @AfterEach
    void close() {
        context.close();
        console.close();
    }

    private int accept(MemorySegment source, long offset, int lengthBytes) {
        int taken = Math.min(room, lengthBytes);
        sent.writeBytes(source.asSlice(offset, taken).toArray(JAVA_BYTE));
        room -= taken;
        return taken;
    }

    @Test
    void whatItWritesIsNoted() throws Exception {
        receiver.chain().writable(100).publish();
        transmitter.chain().readable("sent".getBytes(US_ASCII)).publish();
        NotedWrites writes = new NotedWrites(guest);
        console.receive("typed".getBytes(US_ASCII), 0, 5);
        context.turn();
        console.notified(TRANSMIT);
        writes.areOfAtLeast(1);
    }

    @Test
    void whatTheGuestSendsIsPassedOn() {
        transmitter
                .chain()
                .readable("one ".getBytes(US_ASCII))
                .readable("two ".getBytes(US_ASCII))
                .publish();
        transmitter.chain().readable("three".getBytes(US_ASCII)).publish();
        console.notified(TRANSMIT);
        assertThat(sent).hasToString("one two three");
        assertThat(transmitter.takeUsed()).isNotNull();
        assertThat(transmitter.takeUsed()).isNotNull();
        assertThat(transmitter.interrupts()).isEqualTo(1);
        RequestStats transmitted = stats.requests().get(1);
        assertThat(transmitted.name()).isEqualTo("console0.transmit");
        assertThat(transmitted.bytes()).isEqualTo(13);
    }

    @Test
    void anOutputThatIsFullHoldsTheGuestsBuffersBack() {
        room = 6;
        transmitter
                .chain()
                .readable("one ".getBytes(US_ASCII))
                .readable("two ".getBytes(US_ASCII))
                .publish();
        transmitter.chain().readable("three".getBytes(US_ASCII)).publish();
        console.notified(TRANSMIT);
        assertThat(sent).hasToString("one tw");
        assertThat(transmitter.takeUsed()).isNull();
        room = 3;
        console.outputReady();
        context.turn();
        assertThat(sent).hasToString("one two t");
        assertThat(transmitter.takeUsed()).isNotNull();
        assertThat(transmitter.takeUsed()).isNull();
        room = 100;
        console.outputReady();
        context.turn();
        assertThat(sent).hasToString("one two three");
        assertThat(transmitter.takeUsed()).isNotNull();
    }

    @Test
    void aResetDropsWhatWasHalfSent() {
        room = 1;
        transmitter.chain().readable("old".getBytes(US_ASCII)).publish();
        console.notified(TRANSMIT);
        context.reset();
        console.outputReady();
        console.notified(TRANSMIT);
        room = 100;
        transmitter.reset();
        context.activate(console);
        transmitter.chain().readable("new".getBytes(US_ASCII)).publish();
        console.notified(TRANSMIT);
        assertThat(sent).hasToString("onew");
    }

    @Test
    void whatIsReceivedWaitsForTheGuestsBuffers() throws Exception {
        console.receive("hello".getBytes(US_ASCII), 1, 4);
        context.turn();
        assertThat(receiver.wantsDoorbell(0)).isTrue();
        TestQueue.Chain small = receiver.chain().writable(1).writable(2);
        TestQueue.Chain large = receiver.chain().writable(100);
        int first = small.publish();
        int second = large.publish();
        console.notified(RECEIVE);
        assertThat(receiver.takeUsed()).isEqualTo(new TestQueue.Used(first, 3));
        assertThat(receiver.takeUsed()).isEqualTo(new TestQueue.Used(second, 1));
        assertThat(small.bytes(0)).containsExactly('e');
        assertThat(small.bytes(1)).containsExactly('l', 'l');
        assertThat(large.bytes(0)).startsWith('o', 0);
        assertThat(receiver.wantsDoorbell(0)).isFalse();
        receiver.chain().writable(100).publish();
        console.notified(RECEIVE);
        assertThat(receiver.takeUsed()).isNull();
    }

    @Test
    void aSenderWaitsForAGuestThatDoesNotReadAndLosesNothing() throws Exception {
        byte[] bytes = new byte[100_000];
        new SplittableRandom(1).nextBytes(bytes);
        Thread sender = Thread.ofPlatform().start(() -> {
            try {
                console.receive(bytes, 0, bytes.length);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        ByteArrayOutputStream got = new ByteArrayOutputStream();
        context.turnUntil(() -> {
            TestQueue.Chain chain = receiver.chain().writableAt(0x800, 333).writableAt(TestGuest.HIGH_GPA, 500);
            chain.publish();
            console.notified(RECEIVE);
            TestQueue.Used used = receiver.takeUsed();
            if (used == null) {
                receiver.reset();
                context.reset();
                context.activate(console);
                return false;
            }
            got.writeBytes(Arrays.copyOf(chain.bytes(0), Math.min(333, used.writtenBytes())));
            got.writeBytes(Arrays.copyOf(chain.bytes(1), Math.max(0, used.writtenBytes() - 333)));
            return got.size() == bytes.length;
        });
        sender.join();
        assertThat(got.toByteArray()).isEqualTo(bytes);
    }

    @Test
    void aWaitingSenderCanBeInterrupted() throws Exception {
        boolean[] interrupted = {false};
        Thread sender = Thread.ofPlatform().start(() -> {
            try {
                console.receive(new byte[100_000], 0, 100_000);
            } catch (InterruptedException e) {
                interrupted[0] = true;
            }
        });
        while (sender.getState() != Thread.State.WAITING) {
            Thread.sleep(1);
        }
        sender.interrupt();
        sender.join();
        assertThat(interrupted[0]).isTrue();
    }

    @Test
    void buffersOfTheWrongDirectionBreakTheDevice() throws Exception {
        transmitter.chain().readable((byte) 1).writable(1).publish();
        assertThatThrownBy(() -> console.notified(TRANSMIT))
                .isInstanceOf(VirtioException.class)
                .hasMessageContaining("device-writable buffer in the transmitq");
        receiver.chain().readable((byte) 1).publish();
        console.receive(new byte[1], 0, 1);
        assertThatThrownBy(() -> console.notified(RECEIVE))
                .isInstanceOf(VirtioException.class)
                .hasMessageContaining("device-readable buffer in the receiveq");
    }

    @Test
    void theConfigurationIsTheSize() {
        assertThat(console.readConfig(0, 2)).isEqualTo(80);
        assertThat(console.readConfig(2, 2)).isEqualTo(25);
        assertThat(console.readConfig(4, 4)).isEqualTo(1);
        console.resize(65535, 300);
        assertThat(context.configChanges()).isEqualTo(1);
        assertThat(console.readConfig(0, 4)).isEqualTo(300L << 16 | 65535);
        assertThat(console.readConfig(1, 1)).isEqualTo(255);
        for (int offset : new int[] {-1, 5, 8, 12, 4096, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThat(console.readConfig(offset, 4)).isZero();
        }
    }

    @Test
    @Tag("allocation")
    void nothingIsAllocatedForARequest() {
        VirtioConsole quiet = new VirtioConsole(
                (source, offset, length) -> length, DeviceStats.inMemory("console1", 8), SystemNanoClock.INSTANCE);
        context.reset();
        context.activate(quiet);
        byte[] bytes = new byte[16];
        transmitter.descriptor(0, 0x800, 64, 0, 0);
        receiver.descriptor(0, 0x900, 64, TestQueue.WRITE, 0);
        Allocations.assertNone(() -> {
            for (int i = 0; i < 20_000; i++) {
                transmitter.publish(0);
                quiet.notified(TRANSMIT);
                receiver.publish(0);
                receive(quiet, bytes);
                quiet.notified(RECEIVE);
            }
        });
    }

    private void receive(VirtioConsole to, byte[] bytes) {
        try {
            to.receive(bytes, 0, bytes.length);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
