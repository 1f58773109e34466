package dev.lull.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
