package dev.lull.agent.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests and answers of HTTP/1.1 as they may come over a socket. */
@Timeout(20)
class HttpExchangeTest {
    private static final int PATIENCE_MILLIS = 10_000;
    private static final String OK = "HTTP/1.1 200 OK\r\n";

    @TempDir
    private Path directory;

    private CannedServer server;

    @BeforeEach
    void listen() throws IOException {
        server = new CannedServer(directory.resolve("s"));
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    @Test
    void aRequestHasWhatOneNeeds() throws Exception {
        server.answering("HTTP/1.1 204 No Content\r\n\r\n");
        try (HttpExchange exchange = open("PUT", "/vms/a?start=true", "{\"é\":1}")) {
            assertThat(exchange.status()).isEqualTo(204);
            assertThat(exchange.body().readAllBytes()).isEmpty();
        }
        assertThat(server.request())
                .startsWith("PUT /vms/a?start=true HTTP/1.1\r\nHost: localhost\r\n")
                .contains("\r\nContent-Length: 8\r\n", "\r\nContent-Type: application/json\r\n")
                .endsWith("\r\n\r\n{\"é\":1}");
        open("GET", "/", null).close();
        assertThat(server.request()).doesNotContain("Content-").endsWith("\r\n\r\n");
    }

    @Test
    void aBodyOfKnownLengthEndsThere() throws IOException {
        server.answering(OK + "Content-Length: 5\r\n\r\nhello, and what is not of it")
                .thenSilent();
        assertThat(body()).isEqualTo("hello");
        server.answering(OK + "content-length:0\r\n\r\n");
        assertThat(body()).isEmpty();
    }

    @Test
    void aBodyMayComeInPieces() throws IOException {
        server.answering("HTTP/1.", "1 200 OK\r", "\nContent-", "Length: 5\r\n\r", "\nhe", "llo");
        assertThat(body()).isEqualTo("hello");
    }

    @Test
    void chunksAreOneBody() throws IOException {
        server.answering(
                        OK + "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello",
                        "\r\n2;what=ever\r\n, \r",
                        "\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n")
                .thenSilent();
        assertThat(body()).isEqualTo("hello, 0123456789abcdef");
    }

    @Test
    void withoutALengthTheBodyEndsWithTheConnection() throws IOException {
        server.answering(OK + "\r\nall of", " this");
        assertThat(body()).isEqualTo("all of this");
    }

    @Test
    void anInterimAnswerIsPassedOver() throws IOException {
        server.answering("HTTP/1.1 100 Continue\r\n\r\n" + OK + "Content-Length: 2\r\n\r\nhi");
        assertThat(body()).isEqualTo("hi");
    }

    @Test
    void aLargeBodyIsSentWhole() throws Exception {
        server.answering(OK + "Content-Length: 0\r\n\r\n");
        String large = "x".repeat(500_000);
        open("PUT", "/", large).close();
        assertThat(server.request()).endsWith(large);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SSH-2.0-OpenSSH\r\n",
                "HTTP/1.1 OK\r\n\r\n",
                "HTTP/1.1 2000 OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"
            })
    void whatIsNotHttpIsRefused(String answer) {
        server.answering(answer);
        assertThatThrownBy(this::body).isInstanceOf(ProtocolException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "HTTP/1.1 200",
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
            })
    void anAnswerThatBreaksOffIsRefused(String answer) {
        server.answering(answer);
        assertThatThrownBy(this::body).isInstanceOf(EOFException.class);
    }

    @Test
    void anEndlessHeadIsRefused() {
        server.answering(OK + "a: " + "b".repeat(70_000));
        assertThatThrownBy(this::body).isInstanceOf(ProtocolException.class);
        StringBuilder headers = new StringBuilder(OK);
        for (int i = 0; i < 1000; i++) {
            headers.append("a").append(i).append(": b\r\n");
        }
        server.answering(headers + "\r\n");
        assertThatThrownBy(this::body).isInstanceOf(ProtocolException.class);
    }

    @Test
    void silenceHasAnEnd() {
        server.answering(OK).thenSilent();
        assertThatThrownBy(() -> HttpExchange.open(server.socket(), "GET", "/", null, 50))
                .isInstanceOf(SocketTimeoutException.class);
    }

    private HttpExchange open(String method, String target, String body) throws IOException {
        byte[] bytes = body == null ? null : body.getBytes(StandardCharsets.UTF_8);
        return HttpExchange.open(server.socket(), method, target, bytes, PATIENCE_MILLIS);
    }

    private String body() throws IOException {
        try (HttpExchange exchange = open("GET", "/", null)) {
            return new String(exchange.body().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
