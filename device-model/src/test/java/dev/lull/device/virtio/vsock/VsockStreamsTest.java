package dev.lull.device.virtio.vsock;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.TestContext;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.vsock.VsockDriver.Packet;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sixty-four streams at once, half of them begun by the guest and half by programs of the host. Either side sends what it has
 * and ends its half; each byte arrives, in order, before the end.
 */
@Timeout(60)
class VsockStreamsTest {
    private static final int STREAMS = 64;
    private static final int STREAM_BYTES = 300_000;
    private static final int GUEST_BUFFER = 20_000;
    private static final int FIRST_PORT = 5000;

    @TempDir
    Path directory;

    private final VsockDriver driver = new VsockDriver(new TestGuest());
    private final SplittableRandom random = new SplittableRandom(7);
    private final Map<Integer, Stream> streams = new HashMap<>();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicInteger programsDone = new AtomicInteger();

    /** The guest's end of a stream. */
    private final class Stream {
        private final int hostPort;
        private final int guestPort;
        private final byte[] toSend;
        private final byte[] expected;
        private boolean established;
        private int sent;
        private int received;
        private int forwarded;
        private int hostBuffer;
        private int hostForwarded;
        private boolean hostEnded;
        private boolean ended;
        private boolean closed;
        private boolean gone;

        Stream(int hostPort, int guestPort, int index) {
            this.hostPort = hostPort;
            this.guestPort = guestPort;
            toSend = content(index, true);
            expected = content(index, false);
        }

        void packet(Packet packet) {
            hostBuffer = packet.bufferBytes();
            hostForwarded = packet.forwardedBytes();
            switch (packet.op()) {
                case VsockHeader.OP_RESPONSE -> established = true;
                case VsockHeader.OP_RW -> {
                    assertThat(hostEnded).isFalse();
                    byte[] part = Arrays.copyOfRange(expected, received, received + packet.payload().length);
                    assertThat(packet.payload()).isEqualTo(part);
                    received += packet.payload().length;
                    assertThat(received - forwarded).isLessThanOrEqualTo(GUEST_BUFFER);
                }
                case VsockHeader.OP_SHUTDOWN -> {
                    assertThat(received).isEqualTo(STREAM_BYTES);
                    hostEnded = true;
                }
                case VsockHeader.OP_RST -> {
                    assertThat(closed).isTrue();
                    gone = true;
                }
                case VsockHeader.OP_CREDIT_REQUEST, VsockHeader.OP_CREDIT_UPDATE ->
                    assertThat(established).isTrue();
                default -> throw new AssertionError("unexpected " + packet);
            }
        }

        /** Sends a packet, if there is one to send. */
        void step() {
            if (!established || closed) {
                return;
            }
            int room = hostBuffer - (sent - hostForwarded);
            if (sent < STREAM_BYTES && room > 0) {
                int length =
                        Math.min(Math.min(room, STREAM_BYTES - sent), 1 + random.nextInt(VsockDriver.PAYLOAD_BYTES));
                send(VsockHeader.OP_RW, 0, Arrays.copyOfRange(toSend, sent, sent + length));
                sent += length;
            } else if (sent == STREAM_BYTES && !ended) {
                ended = true;
                send(VsockHeader.OP_SHUTDOWN, VsockHeader.SHUTDOWN_SEND);
            } else if (received - forwarded > GUEST_BUFFER / 2) {
                forwarded += random.nextInt(received - forwarded + 1);
                send(VsockHeader.OP_CREDIT_UPDATE, 0);
            } else if (ended && hostEnded) {
                closed = true;
                send(VsockHeader.OP_SHUTDOWN, VsockHeader.SHUTDOWN_BOTH);
            }
        }

        void send(int op, int flags, byte... payload) {
            driver.send(hostPort, guestPort, op, flags, GUEST_BUFFER, forwarded, payload);
        }
    }

    @Test
    void everyByteArrivesInOrderAndEachHalfEndsByItself() throws Exception {
        Path path = directory.resolve("v");
        try (VirtioVsock device =
                        new VirtioVsock(new VsockConfig(VsockDriver.CID, path), DeviceStats.inMemory("vsock0", 32));
                TestContext context =
                        new TestContext(driver.receive.guest(), 0, driver.receive, driver.transmit, driver.events)) {
            context.activate(device);
            driver.offerAllBuffers();
            for (int i = 0; i < STREAMS; i++) {
                if (i % 2 == 0) {
                    listen(path, i);
                    Stream stream = new Stream(FIRST_PORT + i, i, i);
                    streams.put(i, stream);
                } else {
                    connect(path, i);
                }
            }
            for (Stream stream : streams.values()) {
                while (!driver.hasSlot()) {
                    device.notified(1);
                }
                stream.send(VsockHeader.OP_REQUEST, 0);
                device.notified(1);
            }
            while (streams.size() < STREAMS || !streams.values().stream().allMatch(stream -> stream.gone)) {
                assertThat(failure.get()).isNull();
                context.turn();
                takePackets();
                for (Stream stream : streams.values()) {
                    if (driver.hasSlot() && random.nextInt(4) == 0) {
                        stream.step();
                    }
                }
                device.notified(1);
                device.notified(0);
            }
            for (Stream stream : streams.values()) {
                assertThat(stream.received).isEqualTo(STREAM_BYTES);
            }
            while (programsDone.get() < STREAMS) {
                assertThat(failure.get()).isNull();
                context.turn();
                Thread.onSpinWait();
            }
            device.reset(() -> {});
        }
    }

    private void takePackets() {
        Packet packet = driver.take();
        while (packet != null) {
            if (packet.op() == VsockHeader.OP_REQUEST) {
                Stream stream = new Stream(packet.hostPort(), packet.guestPort(), packet.guestPort());
                stream.established = true;
                stream.hostBuffer = packet.bufferBytes();
                streams.put(packet.guestPort(), stream);
                stream.send(VsockHeader.OP_RESPONSE, 0);
            } else {
                streams.get(packet.guestPort()).packet(packet);
            }
            packet = driver.hasSlot() ? driver.take() : null;
        }
    }

    private void listen(Path path, int index) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path + "_" + (FIRST_PORT + index)));
        start(() -> {
            try (server;
                    SocketChannel channel = server.accept()) {
                converse(channel, index);
            }
        });
    }

    private void connect(Path path, int index) {
        start(() -> {
            try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
                channel.write(ByteBuffer.wrap(("CONNECT " + index + "\n").getBytes(US_ASCII)));
                ByteBuffer character = ByteBuffer.allocate(1);
                StringBuilder answer = new StringBuilder();
                while (answer.indexOf("\n") < 0 && channel.read(character.clear()) == 1) {
                    answer.append((char) character.get(0));
                }
                assertThat(answer.toString()).matches("OK [0-9]+\n");
                converse(channel, index);
            }
        });
    }

    private interface Program {
        void run() throws Exception;
    }

    private void start(Program program) {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                program.run();
                programsDone.incrementAndGet();
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            }
        });
    }

    /** The program's end of a stream: writes all while another thread reads all, and slowly at that. */
    private void converse(SocketChannel channel, int index) throws Exception {
        AtomicReference<Throwable> failed = new AtomicReference<>();
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            try {
                ByteBuffer content = ByteBuffer.wrap(content(index, false));
                while (content.hasRemaining()) {
                    channel.write(content);
                }
                channel.shutdownOutput();
            } catch (IOException e) {
                failed.set(e);
            }
        });
        ByteBuffer received = ByteBuffer.allocate(STREAM_BYTES + 1);
        int count = 0;
        while (count >= 0) {
            if (index % 8 == 0) {
                Thread.sleep(1);
            }
            received.limit(Math.min(received.capacity(), received.position() + 30_000));
            count = channel.read(received);
        }
        writer.join();
        assertThat(failed.get()).isNull();
        assertThat(Arrays.copyOf(received.array(), received.position())).isEqualTo(content(index, true));
    }

    private static byte[] content(int index, boolean fromGuest) {
        byte[] content = new byte[STREAM_BYTES];
        new SplittableRandom(2L * index + (fromGuest ? 1 : 0)).nextBytes(content);
        return content;
    }
}
