package dev.lull.agent.control.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.linux.UnixSocket;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A socket's file appears whole, belongs to one server, and goes with it. */
class SocketFileTest extends HttpTestBase {
    @ParameterizedTest
    @CsvSource({"0660, rw-rw----", "0600, rw-------", "0777, rwxrwxrwx", "0606, rw----rw-"})
    void theFileHasTheModeItIsGiven(String mode, String permissions) throws Exception {
        try (HttpServer server = listen(socket(), Integer.parseInt(mode, 8), null)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())))
                    .isEqualTo(permissions);
            assertThat(UnixClient.get(socket(), "/").status()).isEqualTo(200);
            assertThat(names()).containsExactly("api.socket");
            assertThat(server).isNotNull();
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    @Requires(Facility.ROOT)
    void theFileHasTheGroupItIsGiven() throws Exception {
        try (HttpServer server = listen(socket(), 0660, "daemon")) {
            assertThat(server).isNotNull();
            assertThat(Files.readAttributes(socket(), PosixFileAttributes.class)
                            .group()
                            .getName())
                    .isEqualTo("daemon");
        }
    }

    @Test
    void aGroupThatIsMissingLeavesTheProcesssOwn() throws Exception {
        try (HttpServer server = listen(socket(), 0660, "no-such-group")) {
            assertThat(server).isNotNull();
            assertThat(Files.readAttributes(socket(), PosixFileAttributes.class)
                            .group()
                            .getName())
                    .isEqualTo(Files.readAttributes(Path.of("/proc/self"), PosixFileAttributes.class)
                            .group()
                            .getName());
        }
    }

    @Test
    void theSocketOfADeadServerIsReplaced() throws Exception {
        ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        dead.bind(UnixDomainSocketAddress.of(socket()));
        dead.close();
        assertThat(socket()).exists();
        serve(HttpTestBase::echo);
        assertThat(UnixClient.get(socket(), "/").status()).isEqualTo(200);
    }

    @Test
    void theSocketOfALiveServerIsRefused() throws Exception {
        serve(HttpTestBase::echo);
        assertThatThrownBy(() -> listen(socket(), 0600, null))
                .isInstanceOf(ListenException.class)
                .hasMessage(
                        "socket " + socket() + ": is in use by another process; stop that one or choose another path");
        assertThat(UnixClient.get(socket(), "/").status()).isEqualTo(200);
        assertThat(names()).containsExactly("api.socket");
    }

    @Test
    void whatIsNoSocketIsLeftAlone() throws Exception {
        Files.writeString(socket(), "precious");
        assertThatThrownBy(() -> listen(socket(), 0600, null))
                .hasMessage("socket " + socket() + ": there is a file that is no socket; choose another path");
        assertThat(socket()).hasContent("precious");
    }

    @Test
    void aPathThatCannotBeIsRefusedInALine() throws Exception {
        Path missing = directory.resolve("missing/api.socket");
        assertThatThrownBy(() -> listen(missing, 0600, null))
                .hasMessage("socket " + missing + ": its directory does not exist; create it");
        int room = 107 - directory.toString().length() - 1;
        Path longest = directory.resolve("x".repeat(room));
        try (HttpServer server = listen(longest, 0600, null)) {
            assertThat(server).isNotNull();
            // Java's own clients cannot.
            UnixSocket.connect(longest.toString()).close();
        }
        Path tooLong = directory.resolve("x".repeat(room + 3));
        assertThatThrownBy(() -> listen(tooLong, 0600, null))
                .hasMessage("socket " + tooLong
                        + ": its path is 3 bytes longer than a socket's may be; choose a shorter one");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aFileThatIsAnothersByNowStays() throws Exception {
        HttpServer first = listen(socket(), 0600, null);
        Files.delete(socket());
        try (HttpServer second = listen(socket(), 0600, null)) {
            assertThat(second).isNotNull();
            first.close();
            assertThat(UnixClient.get(socket(), "/").status()).isEqualTo(200);
        }
        assertThat(directory).isEmptyDirectory();
        HttpServer third = listen(socket(), 0600, null);
        Files.delete(socket());
        third.close();
    }

    @Test
    void aSocketThatListensAlreadyIsServedAndItsFileStays() throws Exception {
        try (ServerSocketChannel inherited = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            inherited.bind(UnixDomainSocketAddress.of(socket()));
            HttpServer server = HttpServer.on(loop(), inherited, LIMITS, HttpTestBase::echo);
            assertThat(UnixClient.get(socket(), "/").status()).isEqualTo(200);
            server.close();
            assertThat(inherited.isOpen()).isTrue();
            assertThat(socket()).exists();
            // What connects meanwhile waits for the next who serves it.
            try (UnixClient client = new UnixClient(socket());
                    HttpServer next = HttpServer.on(loop(), inherited, LIMITS, HttpTestBase::echo)) {
                assertThat(next).isNotNull();
                assertThat(client.put("/", "{}").read().status()).isEqualTo(200);
            }
        }
    }

    private String[] names() {
        return Objects.requireNonNull(directory.toFile().list());
    }

    private static HttpServer listen(Path socket, int mode, @Nullable String group) {
        return HttpServer.listen(loop(), socket, mode, group, LIMITS, HttpTestBase::echo);
    }
}
