package dev.lull.agent.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lull.device.fuzz.SeededFuzz;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** No bytes do harm to a connection; see {@link HttpFuzzTarget}. */
class HttpFuzzTest {
    private static final HttpFuzzTarget TARGET = new HttpFuzzTarget();

    /** {@code JAZZER_FUZZ=1} searches; otherwise what was found before is tried again. */
    @FuzzTest
    void guided(byte[] input) {
        TARGET.run(input);
    }

    @Test
    void seeded() {
        List<byte[]> corpus = List.of(
                bytes("\u0003GET /a?b HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.0\r\n\r\n"),
                bytes("\u0000PUT /drives/a HTTP/1.1\r\nContent-Length: 5\r\n\r\n{\"a\"}GET / HTTP/1.1\r\n\r\n"),
                bytes("\u0009PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"),
                bytes(
                        "\u0002PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\na: b\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
                bytes("\u0007PATCH / HTTP/1.1\r\nConnection: close\r\nContent-Length: 100\r\n\r\n"),
                bytes("\u0001GET http://localhost/x HTTP/1.1\r\nContent-Length: 0\r\n\r\nHEAD / HTTP/1.1\r\n\r\n"));
        new SeededFuzz("HTTP", 400, corpus).run(TARGET::run);
        System.out.println("fuzz HTTP: " + TARGET.summary());
        assertThat(TARGET.wentDeep()).isTrue();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
