package dev.lull.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unix sockets listen, connect, close by halves, and never wait. */
class UnixSocketTest {
    @TempDir
    Path directory;

    @Test
    void bytesPassAndHalvesClose() {
        String path = directory.resolve("socket").toString();
        MemorySegment text = Arena.ofAuto().allocateFrom("text", StandardCharsets.US_ASCII);
        MemorySegment back = Arena.ofAuto().allocate(16);
        try (Fd listening = UnixSocket.listen(path, 1)) {
            assertThat(UnixSocket.accept(listening)).isEqualTo(-Errno.EAGAIN);
            try (Fd client = UnixSocket.connect(path);
                    Fd server = new Fd(UnixSocket.accept(listening), "server")) {
                assertThat(server.read(back)).isEqualTo(-Errno.EAGAIN);
                Iovec pieces = new Iovec(2);
                assertThat(pieces.add(text.address(), 1)).isTrue();
                assertThat(pieces.add(text.address() + 1, 3)).isTrue();
                assertThat(pieces.add(text.address(), 1)).isFalse();
                assertThat(pieces.lengthBytes()).isEqualTo(4);
                assertThat(client.write(pieces)).isEqualTo(4);
                UnixSocket.shutdownWrite(client);
                assertThat(server.read(back)).isEqualTo(4);
                assertThat(back.getString(0)).isEqualTo("text");
                assertThat(server.read(back)).isZero();
                assertThat(server.write(text)).isEqualTo(5);
                UnixSocket.shutdownRead(client);
                assertThat(server.write(text)).isEqualTo(-Errno.EPIPE);
            }
        }
        assertThatThrownBy(() -> UnixSocket.listen(path, 1)).hasMessage("bind on " + path + " failed: EADDRINUSE");
        assertThatThrownBy(() -> UnixSocket.connect(path)).hasMessage("connect on " + path + " failed: ECONNREFUSED");
        UnixSocket.unlink(path);
        UnixSocket.unlink(path);
        assertThat(Files.exists(Path.of(path))).isFalse();
        assertThatThrownBy(() -> UnixSocket.connect(path)).hasMessage("connect on " + path + " failed: ENOENT");
        assertThatThrownBy(() -> UnixSocket.connect("x".repeat(109))).hasMessageEndingWith("failed: ENAMETOOLONG");
    }

    @Test
    void datagramsReachPathsAndAbstractNames() {
        MemorySegment text = Arena.ofAuto().allocateFrom("text", StandardCharsets.US_ASCII);
        for (String address : List.of(
                directory.resolve("datagrams").toString(),
                "@lull-datagrams-" + ProcessHandle.current().pid())) {
            try (DatagramReceiver receiver = new DatagramReceiver(address);
                    Fd sender = UnixSocket.connectDatagram(address)) {
                assertThat(sender.write(text)).isEqualTo(5);
                assertThat(sender.write(text.asSlice(0, 2))).isEqualTo(2);
                assertThat(receiver.receive(0)).isEqualTo("text\0");
                assertThat(receiver.receive(0)).isEqualTo("te");
                assertThat(receiver.receive(0)).isNull();
                long result = sender.write(text);
                for (int i = 0; i < 100_000 && result >= 0; i++) {
                    result = sender.write(text);
                }
                assertThat(result).isEqualTo(-Errno.EAGAIN);
            }
            assertThatThrownBy(() -> UnixSocket.connectDatagram(address))
                    .hasMessage("connect on " + address + " failed: ECONNREFUSED");
        }
        assertThatThrownBy(() -> UnixSocket.connectDatagram("/no/such/socket"))
                .hasMessage("connect on /no/such/socket failed: ENOENT");
        assertThatThrownBy(() -> UnixSocket.connectDatagram("@" + "x".repeat(108)))
                .hasMessageEndingWith("failed: ENAMETOOLONG");
    }

    @Test
    void theProcessAtTheOtherEndIsKnown() throws Exception {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("peer"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            SocketChannel accepted;
            try (SocketChannel client = SocketChannel.open(address)) {
                accepted = server.accept();
                PeerCredentials peer = Objects.requireNonNull(PeerCredentials.of(accepted));
                assertThat(peer.pid()).isEqualTo((int) ProcessHandle.current().pid());
                assertThat(peer.uid()).isEqualTo(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
                assertThat(peer.gid()).isEqualTo(Files.getAttribute(Path.of("/proc/self"), "unix:gid"));
                assertThat(client.isOpen()).isTrue();
            }
            accepted.close();
            assertThat(PeerCredentials.of(accepted)).isNull();
        }
    }

    @Test
    void onlyListeningUnixSocketsAreOnes() throws Exception {
        String path = directory.resolve("listening").toString();
        try (Fd listening = UnixSocket.listen(path, 1);
                Fd connected = UnixSocket.connect(path);
                Fd file = Fd.open("/dev/null", LinuxConstants.O_RDONLY)) {
            assertThat(UnixSocket.isListening(listening.number())).isTrue();
            assertThat(UnixSocket.isListening(connected.number())).isFalse();
            assertThat(UnixSocket.isListening(file.number())).isFalse();
            assertThat(UnixSocket.isListening(-1)).isFalse();
        }
    }
}
