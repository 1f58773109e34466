package dev.lull.agent.mmds;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.mmds.MmdsMetrics.Metric;
import dev.lull.agent.mmds.net.RequestServer.Answer;
import dev.lull.agent.mmds.net.TestClock;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest's requests are answered as Firecracker answers them. */
class MmdsServiceTest {
    private static final String DATA = """
            {"name": {"first": "John", "second": "Doe"}, "age": 43, "balance": -24.50,
             "phones": ["+401234567", "+441234567"], "member": false, "nothing": null, "ä": "ö",
             "latest": {"meta-data": {"ami-id": "ami-87654321"}, "user-data": "1\\n2"}}""";

    private final TestClock clock = new TestClock();
    private final MmdsStore store = new MmdsStore(MmdsStore.DEFAULT_LIMIT_BYTES);
    private final MmdsMetrics metrics = new MmdsMetrics();
    private final MmdsService v1 = service(MmdsVersion.V1, false);
    private final MmdsService v2 = service(MmdsVersion.V2, false);

    private MmdsService service(MmdsVersion version, boolean imdsCompat) {
        return new MmdsService(
                store,
                new MmdsTokens("vm", clock),
                metrics,
                new MmdsConfig(version, List.of("eth0"), MmdsConfig.DEFAULT_IPV4_ADDRESS, imdsCompat));
    }

    @BeforeEach
    void fill() {
        store.put(DATA.getBytes(UTF_8));
    }

    /** What is sent back, head and all. */
    private static String exchange(MmdsService service, String request) {
        byte[] bytes = request.getBytes(UTF_8);
        assertThat(service.requestBytes(bytes, bytes.length)).isEqualTo(bytes.length);
        return new String(service.answer(bytes, bytes.length).bytes(), UTF_8);
    }

    /** Status and body of what is sent back to a request without a body. */
    private static String ask(MmdsService service, String method, String path, String... headers) {
        String answer = exchange(
                service,
                method + " " + path + " HTTP/1.1\r\nHost: 169.254.169.254\r\n"
                        + String.join(
                                "",
                                List.of(headers).stream().map(h -> h + "\r\n").toList())
                        + "\r\n");
        String[] parts = answer.split("\r\n\r\n", 2);
        assertThat(parts[0]).contains("\r\nContent-Length: " + parts[1].getBytes(UTF_8).length);
        return parts[0].split(" ", 3)[1] + " " + parts[1];
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "/name/first | John | \"John\"",
                "/name | first;second | {\"first\":\"John\",\"second\":\"Doe\"}",
                "/name/ | first;second | {\"first\":\"John\",\"second\":\"Doe\"}",
                "//name//first | John | \"John\"",
                "/ | age;balance;latest/;member;name/;nothing;phones;ä |",
                "/latest | meta-data/;user-data |",
                "/latest/user-data | 1;2 | \"1\\n2\"",
                "/ä | ö | \"ö\"",
                "http://169.254.169.254/name/first | John | \"John\"",
                "http://any.host:80/name/first | John | \"John\"",
                "/age | - | 43",
                "/balance | - | -24.50",
                "/phones | - | [\"+401234567\",\"+441234567\"]",
                "/phones/1 | +441234567 | \"+441234567\"",
                "/member | - | false",
                "/nothing | - | null",
            })
    void aValueIsThereInBothFormats(String path, String text, String json) {
        String unsupported = "501 Cannot retrieve value. The value has an unsupported type.";
        String expected = text.equals("-") ? unsupported : "200 " + text.replace(';', '\n');
        assertThat(ask(v1, "GET", path)).isEqualTo(expected);
        for (String accept : new String[] {"text/plain", "*/*", "text/html", ""}) {
            assertThat(ask(v1, "GET", path, "Accept: " + accept)).isEqualTo(expected);
        }
        assertThat(ask(service(MmdsVersion.V1, true), "GET", path, "Accept: application/json"))
                .isEqualTo(expected);
        if (json != null) {
            assertThat(ask(v1, "GET", path, "accept:application/json ")).isEqualTo("200 " + json);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/missing", "/name/third", "/name/first/x", "/phones/2", "/phones/01", "/name?query", "/n%61me"})
    void whatIsNotThereIsNotFound(String path) {
        assertThat(ask(v1, "GET", path)).isEqualTo("404 Resource not found: " + path + ".");
    }

    @Test
    void anEmptyStoreHasNothing() {
        MmdsStore empty = new MmdsStore(100);
        MmdsService service = new MmdsService(
                empty, new MmdsTokens("vm", clock), metrics, new MmdsConfig(MmdsVersion.V1, List.of("eth0")));
        assertThat(ask(service, "GET", "/", "Accept: application/json")).isEqualTo("200 null");
        assertThat(ask(service, "GET", "/")).startsWith("501 ");
        assertThat(ask(service, "GET", "/a")).startsWith("404 ");
        empty.put("{\"a\":\"b\"}".getBytes(UTF_8));
        assertThat(ask(service, "GET", "/a")).isEqualTo("200 b");
    }

    @Test
    void theHeadSaysWhatFollows() {
        assertThat(exchange(v1, "GET /name HTTP/1.1\r\nAccept: application/json\r\n\r\n")
                        .split("\r\n", -1))
                .containsExactly(
                        "HTTP/1.1 200 OK",
                        "Server: Lull",
                        "Connection: keep-alive",
                        "Content-Type: application/json",
                        "Content-Length: 31",
                        "",
                        "{\"first\":\"John\",\"second\":\"Doe\"}");
        assertThat(exchange(v1, "GET /latest HTTP/1.0\r\n\r\n").split("\r\n", -1))
                .containsExactly(
                        "HTTP/1.0 200 OK",
                        "Server: Lull",
                        "Connection: close",
                        "Content-Type: text/plain",
                        "Content-Length: 20",
                        "",
                        "meta-data/\nuser-data");
        assertThat(exchange(service(MmdsVersion.V1, true), "GET /name HTTP/1.1\r\nAccept: application/json\r\n\r\n"))
                .contains("Content-Type: text/plain\r\n");
    }

    @ParameterizedTest
    @EnumSource(MmdsVersion.class)
    void aTokenIsIssuedInBothVersions(MmdsVersion version) {
        MmdsService service = service(version, false);
        for (String name : new String[] {"X-metadata-token-ttl-seconds", "x-AWS-ec2-metadata-token-ttl-SECONDS"}) {
            String answer = exchange(service, "PUT //latest/api/token HTTP/1.1\r\n" + name + ": 60\r\n\r\n");
            assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n").contains("\r\n" + name + ": 60\r\n");
            String token = answer.substring(answer.indexOf("\r\n\r\n") + 4);
            for (String header : new String[] {"X-metadata-token", "X-Aws-Ec2-Metadata-Token"}) {
                assertThat(ask(service, "GET", "/name/first", header + ": " + token))
                        .isEqualTo("200 John");
            }
        }
        assertThat(metrics.get(Metric.RX_INVALID_TOKEN)).isZero();
        assertThat(metrics.get(Metric.RX_NO_TOKEN)).isZero();
    }

    @Test
    void version2AnswersNobodyWithoutAToken() {
        assertThat(ask(v2, "GET", "/name"))
                .isEqualTo("401 No MMDS token provided. Use `X-metadata-token` or `X-aws-ec2-metadata-token` header to "
                        + "specify the session token.");
        assertThat(ask(v2, "GET", "/missing", "X-metadata-token: wrong")).isEqualTo("401 MMDS token not valid.");
        String token = token(v2, 1);
        assertThat(ask(v2, "GET", "/name/first", "X-metadata-token: " + token)).isEqualTo("200 John");
        clock.pass(Duration.ofSeconds(1));
        assertThat(ask(v2, "GET", "/name/first", "X-metadata-token: " + token)).isEqualTo("401 MMDS token not valid.");
        assertThat(metrics.get(Metric.RX_NO_TOKEN)).isEqualTo(1);
        assertThat(metrics.get(Metric.RX_INVALID_TOKEN)).isEqualTo(2);
    }

    @Test
    void version1CountsWhoWouldGetNoAnswerInVersion2() {
        assertThat(ask(v1, "GET", "/name/first")).isEqualTo("200 John");
        assertThat(ask(v1, "GET", "/name/first", "X-metadata-token: wrong")).isEqualTo("200 John");
        assertThat(metrics.get(Metric.RX_NO_TOKEN)).isEqualTo(1);
        assertThat(metrics.get(Metric.RX_INVALID_TOKEN)).isEqualTo(1);
    }

    private static String token(MmdsService service, int seconds) {
        return ask(service, "PUT", "/latest/api/token", "X-metadata-token-ttl-seconds: " + seconds)
                .substring("200 ".length());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "21601", "4294967295"})
    void aTokensTimeHasBounds(String seconds) {
        assertThat(ask(v2, "PUT", "/latest/api/token", "X-metadata-token-ttl-seconds: " + seconds))
                .isEqualTo("400 Invalid time to live value provided for token: " + seconds
                        + ". Please provide a value between 1 and 21600.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "60s", "4294967296", "99999999999", "1.0"})
    void aTokensTimeIsANumber(String seconds) {
        assertThat(ask(v2, "PUT", "/latest/api/token", "x-metadata-token-TTL-seconds: " + seconds))
                .isEqualTo("400 Invalid header. Reason: Invalid value. Key:x-metadata-token-TTL-seconds; Value:"
                        + seconds);
    }

    @Test
    void whatElseIsPutIsRefused() {
        assertThat(ask(v2, "PUT", "/latest/api/token"))
                .isEqualTo("400 Token time to live value not found. Use `X-metadata-token-ttl-seconds` or "
                        + "`X-aws-ec2-metadata-token-ttl-seconds` header to specify the token's lifetime.");
        assertThat(ask(v2, "PUT", "/token", "X-metadata-token-ttl-seconds: 60"))
                .isEqualTo("404 Resource not found: /token.");
        for (String name : new String[] {"X-Forwarded-For", "x-forwarded-for", "X-fOrWaRdEd-FoR"}) {
            assertThat(ask(
                            v2,
                            "PUT",
                            "/latest/api/token",
                            "X-metadata-token-ttl-seconds: 60",
                            name + ": 203.0.113.195"))
                    .isEqualTo("400 Invalid header. Reason: Unsupported header name. Key: " + name);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PATCH", "DELETE"})
    void otherMethodsAreNotAllowed(String method) {
        assertThat(exchange(v2, method + " / HTTP/1.1\r\n\r\n"))
                .startsWith("HTTP/1.1 405 Method Not Allowed\r\n")
                .contains("\r\nAllow: GET, PUT\r\n")
                .endsWith("\r\n\r\nNot allowed HTTP method.");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "POST / HTTP/1.1~~ | 501 | Unsupported HTTP method.",
                "get /name HTTP/1.1~~ | 501 | Unsupported HTTP method.",
                "GET /name HTTP/2.0~~ | 501 | Unsupported HTTP version.",
                "GET /name HTTP/1.1 ~~ | 501 | Unsupported HTTP version.",
                "GET  /name HTTP/1.1~~ | 400 | Empty URI not allowed.",
                "GET name HTTP/1.1~~ | 400 | Invalid URI.",
                "GET http:// HTTP/1.1~~ | 400 | Invalid URI.",
                "GET http://host HTTP/1.1~~ | 400 | Invalid URI.",
                "GET / HTTP/1~~ | 400 | Invalid request.",
                "GET /long/enough/it/is~~ | 400 | Invalid request.",
                "~~ | 400 | Invalid request.",
                "GET /name HTTP/1.1~A: b~C: d^^ | 400 | Invalid request.",
                "GET /name HTTP/1.1^^ | 400 | Invalid request.",
                "GET /name HTTP/1.1~no colon~~ | 400 | Header is incorrectly formatted. Key: no colon",
                "GET /name HTTP/1.1~Content-Length: 5~~ | 400 | Invalid request.",
                "PUT /latest/api/token HTTP/1.1~Content-Length: 5~~ | 400 | Invalid request.",
                "PUT /latest/api/token HTTP/1.1~Transfer-Encoding: chunked~~ | 400 | Invalid request.",
                "GET /name HTTP/1.1~Content-Length: x~~ | 400 | Invalid value. Key:Content-Length; Value:x",
                "GET /name HTTP/1.1~Accept-Encoding:~~ | 400 | Invalid request.",
                "GET /name HTTP/1.1~Accept-Encoding: gzip, identity;q=0~~ | 400 | Invalid value. Key:Accept-Encoding; Value:identity;q=0",
                "GET /name HTTP/1.1~Accept-Encoding: *;q=0~~ | 400 | Invalid value. Key:Accept-Encoding; Value:*;q=0"
            })
    void whatCannotBeUnderstoodIsRefused(String request, int status, String message) {
        String answer = exchange(v1, request.replace("~", "\r\n").replace("^", "\n"));
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ").endsWith("\r\n\r\n" + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "HTTP/1.1~ | true",
                "HTTP/1.1~Connection: close~ | false",
                "HTTP/1.1~connection: Close~ | false",
                "HTTP/1.1~Connection: keep-alive~ | true",
                "HTTP/1.0~ | false",
                "HTTP/1.0~Connection: Keep-Alive~ | true",
                "HTTP/1.1~Content-Length: 5~ | false",
                "HTTP/3.0~ | false"
            })
    void aConnectionIsKeptAsLongAsTheGuestWantsAndItCanBe(String rest, boolean kept) {
        byte[] request = ("GET /name " + rest + "~").replace("~", "\r\n").getBytes(UTF_8);
        Answer answer = v1.answer(request, request.length);
        assertThat(answer.keepsConnection()).isEqualTo(kept);
        assertThat(new String(answer.bytes(), UTF_8)).contains("Connection: " + (kept ? "keep-alive" : "close"));
    }

    @Test
    void headersOfNoUseArePassedOver() {
        assertThat(ask(
                        v1,
                        "GET",
                        "/name/first",
                        "User-Agent: curl/8.0",
                        "Content-Length: 0",
                        "Transfer-Encoding: identity",
                        "Expect: 100-continue",
                        "Accept-Encoding: gzip, *;q=0, identity",
                        "X-metadata-token-ttl-seconds: nonsense",
                        "X-Forwarded-For: 1.2.3.4",
                        ":",
                        "Empty:"))
                .isEqualTo("200 John");
    }

    @Test
    void aRequestEndsWithItsEmptyLine() {
        byte[] buffer = "GET / HTTP/1.1\r\nA: b\r\n\r\nGET /".getBytes(UTF_8);
        for (int count = 0; count < 24; count++) {
            assertThat(v1.requestBytes(buffer, count)).isZero();
        }
        for (int count = 24; count <= buffer.length; count++) {
            assertThat(v1.requestBytes(buffer, count)).isEqualTo(24);
        }
        assertThat(v1.requestBytes("ab\n\ncd".getBytes(UTF_8), 6)).isEqualTo(4);
    }

    @Test
    void bytesThatAreNoTextAreRefused() {
        byte[] request = "GET /\u00ff\u00fe HTTP/1.1\r\n\r\n".getBytes(ISO_8859_1);
        assertThat(new String(v1.answer(request, request.length).bytes(), UTF_8))
                .startsWith("HTTP/1.1 400 ")
                .endsWith("Invalid request.");
    }

    @Test
    void whateverIsAskedThereIsAnAnswer() {
        SplittableRandom random = new SplittableRandom(1);
        String[] parts = {
            "GET",
            "PUT",
            "PATCH",
            " ",
            " /",
            "name",
            "http://",
            " HTTP/1.1",
            " HTTP/1.0",
            "\r\n",
            "\n",
            "\r",
            ":",
            "Accept",
            "Accept: application/json",
            "X-metadata-token: ",
            "X-metadata-token-ttl-seconds: 60",
            "latest/api/token",
            "~1",
            "\u00ff",
            "\0",
            "Content-Length: ",
            "9",
            "{",
            "/phones/",
            "ä"
        };
        for (int i = 0; i < 20_000; i++) {
            StringBuilder request = new StringBuilder(random.nextBoolean() ? "GET /name HTTP/1.1\r\n" : "");
            for (int part = random.nextInt(12); part > 0; part--) {
                request.append(parts[random.nextInt(parts.length)]);
            }
            byte[] bytes = request.append("\r\n\r\n").toString().getBytes(random.nextBoolean() ? UTF_8 : ISO_8859_1);
            int length = v1.requestBytes(bytes, bytes.length);
            assertThat(length).isBetween(2, bytes.length);
            assertThat(new String(v1.answer(bytes, length).bytes(), UTF_8))
                    .matches("(?s)HTTP/1\\.[01] [2-5][0-9]{2} .*");
        }
    }
}
