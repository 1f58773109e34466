package dev.lull.device.virtio.vsock;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.virtio.Allocations;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.NotedWrites;
import dev.lull.device.virtio.TestContext;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.vsock.VsockDriver.Packet;
import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams begin, carry bytes, end by halves and are refused as virtio 1.2 §5.10 says; a hostile guest harms only itself. */
class VirtioVsockTest {
    private static final int GUEST_BUFFER = 64 << 10;
    private static final int PORT = 52;
    private static final int GUEST_PORT = 1000;

    @TempDir
    Path directory;

    private final TestGuest guest = new TestGuest();
    private final VsockDriver driver = new VsockDriver(guest);
    private final MemorySegment buffer = Arena.ofAuto().allocate(1 << 20);
    private final DeviceStats stats = DeviceStats.inMemory("vsock0", 32);
    private TestContext context;
    private VirtioVsock device;
    private Fd listening;

    @BeforeEach
    void open() {
        device = new VirtioVsock(new VsockConfig(VsockDriver.CID, path()), stats);
        context = new TestContext(guest, 0, driver.receive, driver.transmit, driver.events);
        context.activate(device);
        listening = UnixSocket.listen(path() + "_" + PORT, 8);
    }

    @AfterEach
    void close() {
        device.reset(() -> {});
        context.close();
        device.close();
        listening.close();
        assertThat(Files.exists(path())).isFalse();
    }

    private Path path() {
        return directory.resolve("v");
    }

    private void send(int op, int flags, byte... payload) {
        driver.send(PORT, GUEST_PORT, op, flags, GUEST_BUFFER, 0, payload);
        device.notified(1);
    }

    private @Nullable Packet next() {
        context.turn();
        return driver.take();
    }

    private Packet expect(int op) {
        Packet[] packet = {driver.take()};
        if (packet[0] == null) {
            context.turnUntil(() -> (packet[0] = driver.take()) != null);
        }
        assertThat(packet[0].op()).isEqualTo(op);
        return packet[0];
    }

    /** A stream the guest asked for. */
    private Fd connected() {
        driver.offerAllBuffers();
        send(VsockHeader.OP_REQUEST, 0);
        Packet response = expect(VsockHeader.OP_RESPONSE);
        assertThat(response.hostPort()).isEqualTo(PORT);
        assertThat(response.guestPort()).isEqualTo(GUEST_PORT);
        assertThat(response.bufferBytes()).isEqualTo(VsockConnection.BUFFER_BYTES);
        return new Fd(UnixSocket.accept(listening), "program");
    }

    private void write(Fd socket, String text) {
        byte[] bytes = text.getBytes(US_ASCII);
        MemorySegment copy = buffer.asSlice(0, bytes.length).copyFrom(MemorySegment.ofArray(bytes));
        assertThat(socket.write(copy)).isEqualTo(bytes.length);
    }

    private String read(Fd socket) {
        long length = socket.read(buffer);
        assertThat(length).isNotNegative();
        return new String(buffer.asSlice(0, length).toArray(JAVA_BYTE), US_ASCII);
    }

    @Test
    void whatItWritesIsNoted() {
        try (Fd program = connected()) {
            NotedWrites writes = new NotedWrites(guest);
            write(program, "to the guest");
            expect(VsockHeader.OP_RW);
            writes.areOfAtLeast(1);
        }
    }

    @Test
    void theConfigurationIsTheContextId() {
        assertThat(device.readConfig(0, 4)).isEqualTo(3);
        assertThat(device.readConfig(0, 1)).isEqualTo(3);
        assertThat(device.readConfig(4, 4)).isZero();
        assertThat(device.readConfig(100, 4)).isZero();
        assertThatThrownBy(() -> new VsockConfig(2, path())).hasMessageContaining("vsock cid 2 is not a guest's");
        assertThatThrownBy(() -> new VsockConfig(3, Path.of("/" + "x".repeat(100))))
                .hasMessageContaining("longer than");
    }

    @Test
    void aGuestsStreamCarriesBytesAndEndsByHalves() {
        try (Fd program = connected()) {
            send(VsockHeader.OP_RW, 0, "from the guest".getBytes(US_ASCII));
            assertThat(read(program)).isEqualTo("from the guest");
            write(program, "from the host");
            assertThat(expect(VsockHeader.OP_RW).payload()).asString().isEqualTo("from the host");

            UnixSocket.shutdownWrite(program);
            assertThat(expect(VsockHeader.OP_SHUTDOWN).flags()).isEqualTo(VsockHeader.SHUTDOWN_SEND);
            send(VsockHeader.OP_RW, 0, "still open".getBytes(US_ASCII));
            send(VsockHeader.OP_SHUTDOWN, VsockHeader.SHUTDOWN_SEND);
            assertThat(read(program)).isEqualTo("still open");
            assertThat(read(program)).isEmpty();
            send(VsockHeader.OP_SHUTDOWN, VsockHeader.SHUTDOWN_BOTH);
            Packet last = driver.take();
            while (last != null && last.op() != VsockHeader.OP_RST) {
                last = driver.take();
            }
            assertThat(last).isNotNull();
        }
    }

    @Test
    void aProgramThatGoesIsToldAfterItsLastByte() {
        Fd program = connected();
        write(program, "last words");
        program.close();
        assertThat(expect(VsockHeader.OP_RW).payload()).asString().isEqualTo("last words");
        assertThat(expect(VsockHeader.OP_SHUTDOWN).flags()).isEqualTo(VsockHeader.SHUTDOWN_BOTH);
        send(VsockHeader.OP_RST, 0);
        assertThat(next()).isNull();
        send(VsockHeader.OP_RW, 0, (byte) 1);
        expect(VsockHeader.OP_RST);
    }

    @Test
    void aProgramConnectsToAPortOfTheGuest() {
        driver.offerAllBuffers();
        try (Fd program = UnixSocket.connect(path().toString())) {
            write(program, "CONN");
            assertThat(next()).isNull();
            write(program, "ECT 1000\nand more");
            Packet request = expect(VsockHeader.OP_REQUEST);
            assertThat(request.guestPort()).isEqualTo(1000);
            driver.send(request.hostPort(), 1000, VsockHeader.OP_RESPONSE, 0, GUEST_BUFFER, 0);
            device.notified(1);
            assertThat(expect(VsockHeader.OP_RW).payload()).asString().isEqualTo("and more");
            assertThat(read(program)).isEqualTo("OK " + request.hostPort() + "\n");
            driver.send(request.hostPort(), 1000, VsockHeader.OP_RW, 0, GUEST_BUFFER, 0, (byte) 'x');
            device.notified(1);
            assertThat(read(program)).isEqualTo("x");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"CONNECT\n", "CONNECT x\n", "CONNECT 4294967295\n", "GET / HTTP/1.1\n", "CONNECT 1  \n"})
    void otherWordsAreRefused(String line) {
        try (Fd program = UnixSocket.connect(path().toString())) {
            write(program, line);
            context.turnUntil(() -> program.read(buffer) != -Errno.EAGAIN);
            assertThat(program.read(buffer)).isLessThanOrEqualTo(0);
        }
    }

    @Test
    void aGuestThatRefusesEndsTheProgramsConnection() {
        driver.offerAllBuffers();
        try (Fd program = UnixSocket.connect(path().toString())) {
            write(program, "connect 7\n");
            Packet request = expect(VsockHeader.OP_REQUEST);
            driver.send(request.hostPort(), 7, VsockHeader.OP_RST, 0, 0, 0);
            device.notified(1);
            assertThat(program.read(buffer)).isZero();
        }
    }

    @Test
    void aPortNobodyListensAtIsRefused() {
        driver.offerAllBuffers();
        driver.send(99, GUEST_PORT, VsockHeader.OP_REQUEST, 0, GUEST_BUFFER, 0);
        device.notified(1);
        Packet reset = expect(VsockHeader.OP_RST);
        assertThat(reset.hostPort()).isEqualTo(99);
        assertThat(reset.guestPort()).isEqualTo(GUEST_PORT);
        assertThat(next()).isNull();
    }

    @Test
    void nothingIsReadThatTheGuestHasNoRoomFor() {
        driver.offerAllBuffers();
        driver.send(PORT, GUEST_PORT, VsockHeader.OP_REQUEST, 0, 10, 0);
        device.notified(1);
        expect(VsockHeader.OP_RESPONSE);
        try (Fd program = new Fd(UnixSocket.accept(listening), "program")) {
            write(program, "0123456789abcdef");
            assertThat(expect(VsockHeader.OP_RW).payload()).asString().isEqualTo("0123456789");
            expect(VsockHeader.OP_CREDIT_REQUEST);
            assertThat(next()).isNull();
            driver.send(PORT, GUEST_PORT, VsockHeader.OP_CREDIT_UPDATE, 0, 10, 4);
            device.notified(1);
            assertThat(expect(VsockHeader.OP_RW).payload()).asString().isEqualTo("abcd");
            expect(VsockHeader.OP_CREDIT_REQUEST);
            driver.send(PORT, GUEST_PORT, VsockHeader.OP_CREDIT_UPDATE, 0, 10, 14);
            device.notified(1);
            assertThat(expect(VsockHeader.OP_RW).payload()).asString().isEqualTo("ef");
        }
    }

    @Test
    void aGuestThatOverrunsItsCreditIsReset() {
        Fd program = connected();
        byte[] payload = new byte[VsockDriver.PAYLOAD_BYTES];
        int sent = 0;
        Packet packet = null;
        while (packet == null || packet.op() != VsockHeader.OP_RST) {
            assertThat(sent).isLessThan(4 << 20);
            send(VsockHeader.OP_RW, 0, payload);
            sent += payload.length;
            packet = driver.take();
        }
        assertThat(sent).isGreaterThan(VsockConnection.BUFFER_BYTES);
        // What was within the credit is the program's all the same.
        long received = 0;
        for (long got = 1; got != 0; ) {
            got = program.read(buffer);
            if (got == -Errno.EAGAIN) {
                context.turn();
            } else {
                assertThat(got).isNotNegative();
                received += got;
            }
        }
        assertThat(received).isEqualTo(sent - payload.length);
        program.close();
    }

    @Test
    void creditIsGivenBackAsTheProgramReads() {
        try (Fd program = connected()) {
            byte[] payload = new byte[VsockDriver.PAYLOAD_BYTES];
            for (int i = 0; i < VsockConnection.BUFFER_BYTES / 2 / payload.length; i++) {
                assertThat(driver.take()).isNull();
                send(VsockHeader.OP_RW, 0, payload);
            }
            assertThat(expect(VsockHeader.OP_CREDIT_UPDATE).forwardedBytes())
                    .isEqualTo(VsockConnection.BUFFER_BYTES / 2);
            send(VsockHeader.OP_CREDIT_REQUEST, 0);
            assertThat(expect(VsockHeader.OP_CREDIT_UPDATE).forwardedBytes())
                    .isEqualTo(VsockConnection.BUFFER_BYTES / 2);
            assertThat(program.read(buffer)).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 8, 0xffff})
    void anUnexpectedOperationResetsTheStream(int op) {
        try (Fd program = connected()) {
            send(op, 0);
            expect(VsockHeader.OP_RST);
            assertThat(program.read(buffer)).isZero();
        }
    }

    @Test
    void aCounterThatRunsAheadResetsTheStream() {
        try (Fd program = connected()) {
            driver.send(PORT, GUEST_PORT, VsockHeader.OP_CREDIT_UPDATE, 0, GUEST_BUFFER, 1);
            device.notified(1);
            expect(VsockHeader.OP_RST);
            assertThat(program.read(buffer)).isZero();
        }
    }

    @Test
    void otherAddressesAndTypesAreRefusedOrDropped() {
        driver.offerAllBuffers();
        MemorySegment packet = driver.newPacket(PORT, GUEST_PORT, VsockHeader.OP_REQUEST, 0);
        packet.set(JAVA_SHORT_UNALIGNED, 28, (short) 2);
        driver.publish(0);
        device.notified(1);
        expect(VsockHeader.OP_RST);
        driver.newPacket(PORT, GUEST_PORT, VsockHeader.OP_REQUEST, 0).set(JAVA_LONG_UNALIGNED, 8, 77L);
        driver.publish(0);
        device.notified(1);
        expect(VsockHeader.OP_RST);
        driver.newPacket(PORT, GUEST_PORT, VsockHeader.OP_REQUEST, 0).set(JAVA_LONG_UNALIGNED, 0, 4L);
        driver.publish(0);
        device.notified(1);
        assertThat(next()).isNull();
        assertThat(UnixSocket.accept(listening)).isEqualTo(-Errno.EAGAIN);
    }

    @Test
    void aMalformedPacketBreaksTheDevice() {
        driver.newPacket(PORT, GUEST_PORT, VsockHeader.OP_RW, 5);
        driver.publish(4);
        assertThatThrownBy(() -> device.notified(1)).isInstanceOf(VirtioException.class);
        driver.newPacket(PORT, GUEST_PORT, VsockHeader.OP_RW, -1);
        driver.publish(4);
        assertThatThrownBy(() -> device.notified(1)).isInstanceOf(VirtioException.class);
        driver.newPacket(PORT, GUEST_PORT, VsockHeader.OP_RW, 0).set(JAVA_INT_UNALIGNED, 24, 0);
        driver.publish(-1);
        assertThatThrownBy(() -> device.notified(1)).isInstanceOf(VirtioException.class);
    }

    @Test
    void packetsWaitForBuffersAndResetsAreBounded() {
        for (int i = 0; i < 40; i++) {
            for (int j = 0; j < VsockDriver.SLOTS && driver.hasSlot(); j++) {
                driver.send(9, i * 100 + j, VsockHeader.OP_RW, 0, 0, 0);
            }
            device.notified(1);
        }
        assertThat(driver.hasSlot()).isFalse();
        assertThat(driver.take()).isNull();
        driver.offerAllBuffers();
        device.notified(0);
        int resets = 0;
        Packet packet = driver.take();
        while (packet != null) {
            assertThat(packet.op()).isEqualTo(VsockHeader.OP_RST);
            resets++;
            device.notified(0);
            packet = driver.take();
        }
        assertThat(resets).isGreaterThan(256);
        assertThat(driver.hasSlot()).isTrue();
    }

    @Test
    void aResetEndsAllStreams() {
        Fd program = connected();
        Fd waiting = UnixSocket.connect(path().toString());
        context.turn();
        device.reset(() -> {});
        context.unwatchAll();
        assertThat(program.read(buffer)).isZero();
        assertThat(waiting.read(buffer)).isZero();
        program.close();
        waiting.close();
        context.activate(device);
    }

    @Test
    void aPathInUseIsRefusedAndAnAbandonedOneReplaced() throws Exception {
        VsockConfig config = new VsockConfig(4, path());
        assertThatThrownBy(() -> new VirtioVsock(config, DeviceStats.inMemory("v1", 16)))
                .isInstanceOf(VsockException.class)
                .hasMessageContaining("in use by another VM");
        VsockConfig nowhere = new VsockConfig(4, directory.resolve("no/v"));
        assertThatThrownBy(() -> new VirtioVsock(nowhere, DeviceStats.inMemory("v1", 16)))
                .hasMessageContaining("its directory does not exist");
        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> new VirtioVsock(new VsockConfig(4, file), DeviceStats.inMemory("v1", 16)))
                .hasMessageContaining("exists already");
        assertThat(Files.exists(file)).isTrue();
        Path left = directory.resolve("left");
        UnixSocket.listen(left.toString(), 1).close();
        new VirtioVsock(new VsockConfig(4, left), DeviceStats.inMemory("v1", 16)).close();
        assertThat(Files.exists(left)).isFalse();
    }

    @Test
    @Tag("allocation")
    void aPacketAllocatesNothing() {
        try (Fd program = connected()) {
            MemorySegment text = buffer.asSlice(0, 1000);
            MemorySegment packet = driver.newPacket(PORT, GUEST_PORT, VsockHeader.OP_RW, 1000);
            packet.set(JAVA_INT_UNALIGNED, 36, GUEST_BUFFER);
            driver.publish(1000);
            int[] head = {0, 0};
            Allocations.assertNone(() -> {
                for (int i = 0; i < 2000; i++) {
                    device.notified(1);
                    program.read(buffer);
                    head[1] += 1000;
                    packet.set(JAVA_INT_UNALIGNED, 40, head[1]);
                    program.write(text);
                    context.turn();
                    driver.receive.publish(head[0]);
                    head[0] = (head[0] + 1) % VsockDriver.SLOTS;
                    driver.transmit.publish(0);
                }
            });
        }
    }
}
