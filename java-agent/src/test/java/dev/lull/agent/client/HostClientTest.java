package dev.lull.agent.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a client makes of the service's answers, and of there being none. */
@Timeout(20)
class HostClientTest {
    private static final String VM =
            "{\"id\":\"web1\",\"uuid\":\"u\",\"state\":\"Running\",\"vcpu_count\":2,\"mem_size_mib\":1024,"
                    + "\"created_at\":\"2026-11-27T17:00:00Z\",\"started_at\":\"2026-11-27T17:00:01Z\","
                    + "\"last_end\":{\"kind\":\"RESET\",\"message\":\"the guest reset\",\"at\":\"2026-11-27T16:00:00Z\"},"
                    + "\"api_socket\":\"/a\",\"console_socket\":\"/c\",\"counters_file\":\"/n\",\"later\":[1],"
                    + "\"devices\":[{\"id\":\"root\",\"kind\":\"drive\"}]}";

    @TempDir
    private Path directory;

    @Test
    void readsMachinesAndPassesOverWhatIsNew() throws IOException {
        try (CannedServer server = new CannedServer(socket())) {
            server.answering(json(200, "{\"vms\":[" + VM + "]}"));
            assertThat(client().vms())
                    .containsExactly(new VmInfo(
                            "web1",
                            "u",
                            VmInfo.RUNNING,
                            2,
                            1024,
                            "2026-11-27T17:00:00Z",
                            "2026-11-27T17:00:01Z",
                            new VmInfo.End("RESET", "the guest reset", "2026-11-27T16:00:00Z"),
                            Path.of("/a"),
                            Path.of("/c"),
                            Path.of("/n"),
                            List.of(new VmInfo.Device("root", VmInfo.Device.DRIVE))));
        }
    }

    @Test
    void namesArePartsOfAPathWhateverIsInThem() throws Exception {
        try (CannedServer server = new CannedServer(socket())) {
            server.answering(json(200, VM));
            client().vm("a/../b c?é");
            assertThat(server.request()).startsWith("GET /vms/a%2F..%2Fb%20c%3F%C3%A9 HTTP/1.1\r\n");
        }
    }

    @Test
    void aRefusalIsInTheServicesWords() throws IOException {
        try (CannedServer server = new CannedServer(socket())) {
            server.answering(json(404, "{\"fault_message\":\"There is no microVM web2.\"}"));
            assertThatThrownBy(() -> client().vm("web2"))
                    .isInstanceOfSatisfying(
                            HostException.class, e -> assertThat(e.status()).isEqualTo(404))
                    .hasMessage("There is no microVM web2.");
            server.answering(json(413, "{\"error\":\"too long\"}"));
            assertThatThrownBy(() -> client().put("/vms/a", Map.of())).hasMessage("too long");
            server.answering(json(500, "<html>"));
            assertThatThrownBy(() -> client().vms()).hasMessage("lulld refused: HTTP status 500");
        }
    }

    @Test
    void anAnswerOfAnotherKindIsSaidToBeOne() throws IOException {
        try (CannedServer server = new CannedServer(socket())) {
            server.answering(json(200, "{\"vms\":[{\"id\":7}]}"));
            assertThatThrownBy(() -> client().vms())
                    .isInstanceOf(HostException.class)
                    .hasMessage("lulld answered what this lull does not understand (id: invalid type: number `7`, "
                            + "expected a string); are both of the same version?");
        }
    }

    @Test
    void eventsComeUntilTheServiceEnds() throws IOException {
        try (CannedServer server = new CannedServer(socket())) {
            server.answering(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n",
                    chunk("event: started\ndata: {\"at\":\"t\",\"vm\":\"a\",\"type\":\"started\"}\n\nevent: end"),
                    chunk("ed\ndata: {\"at\":\"u\",\"vm\":\"a\",\"type\":\"ended\",\"message\":\"aus – fertig\"}\n\n"),
                    "0\r\n\r\n");
            try (HostEvents events = client().events()) {
                assertThat(events.next())
                        .isEqualTo(new HostEvent(
                                "t", "a", "started", "", "{\"at\":\"t\",\"vm\":\"a\",\"type\":\"started\"}"));
                assertThat(events.next().message()).isEqualTo("aus – fertig");
                assertThat(events.next()).isNull();
            }
        }
    }

    @Test
    void whoWaitsForEventsMayBeMadeToStop() throws Exception {
        try (CannedServer server = new CannedServer(socket())) {
            server.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    .thenSilent();
            HostEvents events = client().events();
            Thread closer = Thread.ofPlatform().start(events::close);
            assertThatThrownBy(events::next).isInstanceOf(HostException.class);
            closer.join();
        }
    }

    @Test
    void aServiceThatDoesNotRunIsSaidToAndHowToStartIt() throws IOException {
        assertThatThrownBy(() -> client().vms())
                .hasMessage("lulld is not running (no " + socket()
                        + "); start it with: systemctl start lulld, or in a checkout: ./lull daemon");
        ServerSocketChannel left = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        left.bind(UnixDomainSocketAddress.of(socket()));
        left.close();
        assertThatThrownBy(() -> client().vms())
                .hasMessage("lulld is not running (nobody listens at " + socket()
                        + "); start it with: systemctl start lulld, or in a checkout: ./lull daemon");
    }

    private static String json(int status, String body) {
        return "HTTP/1.1 " + status + " Whatever\r\nContent-Length: " + body.getBytes(StandardCharsets.UTF_8).length
                + "\r\n\r\n" + body;
    }

    private static String chunk(String text) {
        int lengthBytes = text.getBytes(StandardCharsets.UTF_8).length;
        return Integer.toHexString(lengthBytes) + "\r\n" + text + "\r\n";
    }

    private Path socket() {
        return directory.resolve("s");
    }

    private HostClient client() {
        return new HostClient(socket());
    }
}
