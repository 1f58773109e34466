package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** TAP devices are opened, made and gone as asked, and refused in one clear line. */
@Requires(Facility.ROOT)
class TapTest {
    private static final int BUFFER_BYTES = 2048;

    @Test
    void aMadeTapIsUpCarriesFramesAndGoes() throws IOException {
        String name;
        try (Tap tap = Tap.create("lulltest%d", 1)) {
            name = tap.name();
            assertThat(name).matches("lulltest[0-9]+");
            assertThat(NetworkInterface.getByName(name).isUp()).isTrue();
            assertThat(tap.mtuBytes()).isEqualTo(1500);
            tap.setOffloads(TapConstants.TUN_F_CSUM | TapConstants.TUN_F_TSO4 | TapConstants.TUN_F_TSO_ECN);
            drain(tap);
            assertThat(tap.queue(0).write(frame(60))).isEqualTo(Tap.HEADER_BYTES + 60);
            assertThatThrownBy(() -> Tap.create(name, 1)).hasMessage("tap " + name + ": exists already");
            assertThatThrownBy(() -> Tap.open(name, 1))
                    .isInstanceOf(TapException.class)
                    .hasMessage("tap " + name + ": in use by another program");
        }
        assertThat(Path.of("/sys/class/net", name)).doesNotExist();
    }

    @Test
    void aPersistentTapStaysAndHasItsQueues() throws Exception {
        ip("tuntap", "add", "lulltestmq", "mode", "tap", "multi_queue");
        try {
            try (Tap tap = Tap.open("lulltestmq", 3)) {
                assertThat(tap.queueCount()).isEqualTo(3);
                tap.enableQueue(2, false);
                tap.enableQueue(2, false);
                tap.enableQueue(2, true);
                tap.enableQueue(2, true);
            }
            try (Tap tap = Tap.open("lulltestmq", 1)) {
                assertThat(tap.name()).isEqualTo("lulltestmq");
            }
            assertThat(Path.of("/sys/class/net/lulltestmq")).exists();
        } finally {
            ip("link", "del", "lulltestmq");
        }
    }

    @Test
    void theFilterKeepsOthersFramesOut() throws Exception {
        try (Tap tap = Tap.create("lulltest%d", 1)) {
            ip("addr", "add", "198.18.77.1/24", "dev", tap.name());
            ip("neigh", "add", "198.18.77.2", "lladdr", "02:00:00:00:00:08", "dev", tap.name());
            ip("neigh", "add", "198.18.77.3", "lladdr", "02:00:00:00:00:09", "dev", tap.name());
            awaitLink(tap);
            tap.setFilter(new byte[] {2, 0, 0, 0, 0, 9}, false);
            drain(tap);
            send("198.18.77.2", "for another");
            send("198.18.77.3", "for this one");
            assertThat(readText(tap)).endsWith("for this one");
            tap.setFilter(new byte[0], false);
            send("198.18.77.2", "for another");
            assertThat(readText(tap)).endsWith("for another");
        }
    }

    @Test
    void whatCannotBeOpenedIsSaidClearly() throws Exception {
        assertThatThrownBy(() -> Tap.open("lullnosuch", 1))
                .hasMessage("tap lullnosuch: there is no such device; make it: ip tuntap add lullnosuch mode tap");
        assertThatThrownBy(() -> Tap.open("lo", 1)).hasMessage("tap lo: not a TAP device");
        assertThatThrownBy(() -> Tap.open("much-too-long-a-name", 1)).hasMessageContaining("1 to 15 characters");
        ip("tuntap", "add", "lulltestsq", "mode", "tap");
        try {
            assertThatThrownBy(() -> Tap.open("lulltestsq", 2))
                    .hasMessageContaining("tap lulltestsq: not a TAP device of several queues");
        } finally {
            ip("link", "del", "lulltestsq");
        }
    }

    @Test
    void aDeletedTapFailsByName() throws Exception {
        ip("tuntap", "add", "lulltestdel", "mode", "tap");
        try (Tap tap = Tap.open("lulltestdel", 1);
                Epoll epoll = new Epoll("deleted", 1)) {
            tap.bringUp();
            drain(tap);
            epoll.add(tap.queue(0), LinuxConstants.EPOLLIN, 7);
            ip("link", "del", "lulltestdel");
            assertThat(tap.queue(0).read(frame(60))).isEqualTo(-Errno.EBADFD);
            assertThat(tap.queue(0).write(frame(60))).isEqualTo(-Errno.EBADFD);
            assertThat(epoll.await(1000)).isEqualTo(1);
            assertThat(epoll.eventMask(0) & LinuxConstants.EPOLLERR).isNotZero();
        }
    }

    private static void send(String address, String text) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            byte[] bytes = text.getBytes(US_ASCII);
            socket.send(new DatagramPacket(bytes, bytes.length, new InetSocketAddress(address, 9)));
        }
    }

    /** Linux attaches a link's queue a moment after the link is up. */
    private static void awaitLink(Tap tap) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + 10_000_000_000L;
        do {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(10);
            send("198.18.77.2", "anyone?");
        } while (!readText(tap).endsWith("anyone?"));
    }

    /** What the next frame holds; nothing if there is none. */
    private static String readText(Tap tap) {
        MemorySegment frame = Arena.ofAuto().allocate(BUFFER_BYTES);
        long length = Math.max(0, tap.queue(0).read(frame));
        return new String(frame.asSlice(0, length).toArray(JAVA_BYTE), US_ASCII);
    }

    /** Reads what the host itself has said on a new link. */
    private static void drain(Tap tap) {
        MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES);
        while (tap.queue(0).read(buffer) > 0) {
            assertThat(buffer.byteSize()).isEqualTo(BUFFER_BYTES);
        }
    }

    private static MemorySegment frame(int lengthBytes) {
        return Arena.ofAuto().allocate(Tap.HEADER_BYTES + lengthBytes);
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
