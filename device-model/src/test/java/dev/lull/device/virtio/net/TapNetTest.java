package dev.lull.device.virtio.net;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.TestContext;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.TestQueue.Used;
import dev.lull.linux.Tap;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The host's own network stack, behind a TAP device, talks with a guest; the device is set down and deleted under load. */
@Requires(Facility.ROOT)
class TapNetTest {
    private static final String NAME = "lulltestnet";
    private static final String HOST = "198.18.79.1";
    private static final String GUEST = "198.18.79.2";
    private static final String GUEST_MAC = "02:00:00:00:00:79";
    private static final int PORT = 4579;
    private static final int PACKETS = 10_000;

    /** Ethernet, IPv4 and UDP. */
    private static final int HEADERS_BYTES = NetQueue.HEADER_BYTES + 14 + 20 + 8;

    private static final int BUFFER_BYTES = 2048;

    private final TestGuest guest = new TestGuest();
    private final TestQueue receive = new TestQueue(guest, 256);
    private final TestQueue transmit = new TestQueue(guest, 64);
    private final TestQueue control = new TestQueue(guest, 16);
    private final long receiveGpa = guest.allocate(256L * BUFFER_BYTES, 1);
    private final long transmitGpa = guest.allocate(BUFFER_BYTES, 1);
    private final DeviceStats stats = DeviceStats.inMemory("net0", 32);
    private TestContext context;
    private VirtioNet device;
    private DatagramSocket socket;

    @BeforeEach
    void open() throws Exception {
        ip("tuntap", "add", NAME, "mode", "tap");
        ip("addr", "add", HOST + "/24", "dev", NAME);
        ip("link", "set", NAME, "up");
        ip("neigh", "add", GUEST, "lladdr", GUEST_MAC, "dev", NAME);
        device = new VirtioNet(
                new NetConfig(MacAddress.parse(GUEST_MAC), false, 1500),
                FramePort.of(Tap.open(NAME, 1)),
                RateLimiter.unlimited(),
                RateLimiter.unlimited(),
                stats);
        context = new TestContext(guest, NetFeature.ALWAYS, receive, transmit, control);
        context.activate(device);
        for (int i = 0; i < 256; i++) {
            receive.chain()
                    .writableAt(receiveGpa + (long) i * BUFFER_BYTES, BUFFER_BYTES)
                    .publish();
        }
        socket = new DatagramSocket(new InetSocketAddress(HOST, PORT));
        // Linux attaches a link's queue a moment after the link is up.
        context.turnUntil(() -> {
            sendToGuest(-1);
            return Integer.valueOf(-1).equals(takeNumber());
        });
        while (takeNumber() != null) {
            context.turn();
        }
    }

    @AfterEach
    void close() throws Exception {
        socket.close();
        device.reset(() -> {});
        context.close();
        device.close();
        if (Files.exists(Path.of("/sys/class/net", NAME))) {
            ip("link", "del", NAME);
        }
    }

    @Test
    void packetsPassInOrderAndNoneIsLost() throws Exception {
        int expected = 0;
        for (int i = 0; i < PACKETS; i++) {
            sendToGuest(i);
            while (i - expected > 50 || (i == PACKETS - 1 && expected < PACKETS)) {
                context.turn();
                for (Integer number = takeNumber(); number != null; number = takeNumber()) {
                    if (number >= 0) {
                        assertThat(number).isEqualTo(expected++);
                    }
                }
            }
        }
        assertThat(expected).isEqualTo(PACKETS);

        socket.setSoTimeout(10_000);
        int head = -1;
        DatagramPacket packet = new DatagramPacket(new byte[64], 64);
        for (int i = 0; i < PACKETS; i++) {
            writeFrame(i);
            if (head < 0) {
                head = transmit.chain()
                        .readableAt(transmitGpa, HEADERS_BYTES + 4)
                        .publish();
            } else {
                transmit.publish(head);
            }
            device.notified(1);
            socket.receive(packet);
            assertThat(packet.getAddress()).isEqualTo(InetAddress.getByName(GUEST));
            assertThat(ByteBuffer.wrap(packet.getData()).getInt()).isEqualTo(i);
        }
    }

    @Test
    void aTapSetDownIsALinkThatIsDownUntilItIsUpAgain() throws Exception {
        ip("link", "set", NAME, "down");
        writeFrame(1);
        int head = transmit.chain().readableAt(transmitGpa, HEADERS_BYTES + 4).publish();
        device.notified(1);
        assertThat(transmit.takeUsed()).isNotNull();
        assertThat(device.readConfig(6, 2)).isZero();
        context.turn();
        assertThat(device.readConfig(6, 2)).isZero();
        ip("link", "set", NAME, "up");
        context.turnUntil(() -> device.readConfig(6, 2) == 1);
        assertThat(context.configChanges()).isEqualTo(2);
        socket.setSoTimeout(10_000);
        transmit.publish(head);
        device.notified(1);
        socket.receive(new DatagramPacket(new byte[64], 64));
    }

    @Test
    void aTapDeletedUnderLoadIsALinkThatIsDown() throws Exception {
        Thread deletes = Thread.ofPlatform().start(() -> {
            try {
                Thread.sleep(100);
                ip("link", "del", NAME);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        writeFrame(1);
        int head = transmit.chain().readableAt(transmitGpa, HEADERS_BYTES + 4).publish();
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (device.readConfig(6, 2) == 1) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            device.notified(1);
            context.turn();
            if (transmit.takeUsed() != null) {
                transmit.publish(head);
            }
        }
        deletes.join();
        device.notified(1);
        context.turn();
        assertThat(context.configChanges()).isEqualTo(1);
        assertThat(stats.requests().get(1).requests()).isPositive();
    }

    private void sendToGuest(int number) {
        byte[] content = ByteBuffer.allocate(4).putInt(number).array();
        try {
            socket.send(new DatagramPacket(content, 4, new InetSocketAddress(GUEST, PORT)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The number in the next frame, −2 if it is of another kind; null if there is none. Its buffer is available again. */
    private @Nullable Integer takeNumber() {
        Used used = receive.takeUsed();
        if (used == null) {
            return null;
        }
        ByteBuffer frame = guest.at(receiveGpa + (long) used.head() * BUFFER_BYTES, BUFFER_BYTES)
                .asByteBuffer();
        int ethernet = NetQueue.HEADER_BYTES;
        boolean ours = used.writtenBytes() == HEADERS_BYTES + 4
                && frame.getShort(ethernet + 12) == 0x0800
                && frame.get(ethernet + 14 + 9) == 17
                && Short.toUnsignedInt(frame.getShort(ethernet + 14 + 20 + 2)) == PORT;
        int number = ours ? frame.getInt(HEADERS_BYTES) : -2;
        receive.publish(used.head());
        device.notified(0);
        return number;
    }

    private void writeFrame(int number) throws IOException {
        ByteBuffer frame = guest.at(transmitGpa, HEADERS_BYTES + 4L).asByteBuffer();
        frame.put(new byte[NetQueue.HEADER_BYTES]);
        String hostMac = Files.readString(Path.of("/sys/class/net", NAME, "address"), US_ASCII)
                .strip();
        frame.put(HexFormat.ofDelimiter(":").parseHex(hostMac));
        frame.put(HexFormat.ofDelimiter(":").parseHex(GUEST_MAC));
        frame.putShort((short) 0x0800);
        int start = frame.position();
        frame.put((byte) 0x45)
                .put((byte) 0)
                .putShort((short) 32)
                .putInt(0)
                .put((byte) 64)
                .put((byte) 17);
        frame.putShort((short) 0);
        frame.put(InetAddress.getByName(GUEST).getAddress())
                .put(InetAddress.getByName(HOST).getAddress());
        int sum = 0;
        for (int i = start; i < start + 20; i += 2) {
            sum += Short.toUnsignedInt(frame.getShort(i));
        }
        frame.putShort(start + 10, (short) ~(sum + (sum >>> 16)));
        frame.putShort((short) PORT).putShort((short) PORT).putShort((short) 12).putShort((short) 0);
        frame.putInt(number);
    }

    private static void ip(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = "ip";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), US_ASCII);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as("ip: %s", output).isZero();
    }
}
