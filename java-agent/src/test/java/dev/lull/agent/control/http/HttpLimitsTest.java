package dev.lull.agent.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No client takes more than its share, and each hears why. */
class HttpLimitsTest extends HttpTestBase {
    private static final HttpLimits IMPATIENT =
            new HttpLimits(51_200, 10, Duration.ofMillis(200), Duration.ofMillis(200));

    private static String tooLarge(long bytes) {
        return "{\"error\":\"Request payload with size " + bytes + " is larger than the limit of 51200 allowed by"
                + " server.\\nAll previous unanswered requests will be dropped.\"}";
    }

    @Test
    void theLargestBodyPassesAndALargerOneDoesNot() throws Exception {
        serve(HttpTestBase::echo);
        try (UnixClient client = new UnixClient(socket())) {
            assertThat(client.put("/", "x".repeat(51_200)).read().body()).isEqualTo("PUT /  51200");
            UnixClient.Answer answer = client.put("/", "x".repeat(51_201)).read();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).isEqualTo(tooLarge(51_201));
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(client.isEnded()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {51_201, 2_147_483_648L, Long.MAX_VALUE})
    void aBodyThatWillBeTooLargeIsRefusedBeforeItComes(long bytes) throws Exception {
        serve(HttpTestBase::echo);
        try (UnixClient client = new UnixClient(socket())) {
            client.send("PUT / HTTP/1.1\r\nContent-Length: " + bytes + "\r\nExpect: 100-continue\r\n\r\n");
            UnixClient.Answer answer = client.read();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).isEqualTo(tooLarge(bytes));
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void aClientThatSendsTwoGigabytesAllTheSameReadsTheRefusal() throws Exception {
        serve(HttpTestBase::echo);
        try (UnixClient client = new UnixClient(socket())) {
            client.send("PUT / HTTP/1.1\r\nContent-Length: " + (2L << 30) + "\r\n\r\n");
            long sent = send(client, new byte[1 << 20], 2048);
            assertThat(sent).isPositive();
            assertThat(client.read().body()).isEqualTo(tooLarge(2L << 30));
        }
        assertThat(UnixClient.get(socket(), "/").status()).isEqualTo(200);
    }

    @Test
    void chunksCountTogether() throws Exception {
        serve(HttpTestBase::echo);
        try (UnixClient client = new UnixClient(socket())) {
            client.send("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
            send(client, ("1000\r\n" + "x".repeat(0x1000) + "\r\n").getBytes(StandardCharsets.US_ASCII), 1000);
            UnixClient.Answer answer = client.read();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).startsWith("{\"error\":\"Request payload with size 5");
        }
    }

    /** Sends a piece again and again, until the server has heard enough. */
    private static long send(UnixClient client, byte[] piece, int times) {
        int sent = 0;
        try {
            for (; sent < times; sent++) {
                client.send(piece);
            }
        } catch (IOException e) {
            // It has.
        }
        return sent;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u0000\u0001\u00ff\r\n\r\n",
                "x\r\n\r\n",
                "GET\r\n\r\n",
                "GET /\r\n\r\n",
                "GET / HTTP/2.0\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n",
                "GET / HTTP/1.1\nHost: x\n\n",
                "GET / FTP/1.1\r\n\r\n",
                "GET nowhere HTTP/1.1\r\n\r\n",
                "GET * HTTP/1.1\r\n\r\n",
                "GET /\u00e4 HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nno colon\r\n\r\n",
                "GET / HTTP/1.1\r\nna me: x\r\n\r\n",
                "GET / HTTP/1.1\r\nname: \u0007\r\n\r\n",
                "PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                "PUT / HTTP/1.1\r\nContent-Length: 1e9\r\n\r\n",
                "PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
                "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
                "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n"
            })
    void whatIsNoRequestIsRefused(String bytes) throws Exception {
        serve(HttpTestBase::echo);
        try (UnixClient client = new UnixClient(socket())) {
            UnixClient.Answer answer = client.send(bytes).read();
            assertThat(answer.status()).as(bytes).isEqualTo(400);
            assertThat(answer.body()).startsWith("{\"fault_message\":\"Invalid ");
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void requestLinesAndHeadersHaveAnEnd() throws Exception {
        serve(HttpTestBase::echo);
        try (UnixClient client = new UnixClient(socket())) {
            client.send("GET /" + "x".repeat(5000) + " HTTP/1.1\r\n\r\n");
            assertThat(client.read().body())
                    .isEqualTo("{\"fault_message\":\"Invalid request: the request line is longer than 4096 bytes.\"}");
        }
        try (UnixClient client = new UnixClient(socket())) {
            client.send("GET / HTTP/1.1\r\n" + "name: value\r\n".repeat(1000) + "\r\n");
            assertThat(client.read().body())
                    .isEqualTo("{\"fault_message\":\"Invalid request: the headers are longer than 8192 bytes.\"}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"G", "GET / HTTP/1.1\r\nHost:", "PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc"})
    void halfARequestTimesOutHoweverItDrips(String half) throws Exception {
        serve(IMPATIENT, HttpTestBase::echo);
        try (UnixClient client = new UnixClient(socket())) {
            long start = System.nanoTime();
            client.send(half);
            UnixClient.Answer answer = client.read();
            assertThat(answer.status()).isEqualTo(408);
            assertThat(client.isEnded()).isTrue();
            assertThat(System.nanoTime() - start).isBetween(190_000_000L, 20_000_000_000L);
        }
    }

    @Test
    void dripsDoNotProlongARequest() throws Exception {
        serve(IMPATIENT, HttpTestBase::echo);
        try (UnixClient client = new UnixClient(socket())) {
            client.send("PUT / HTTP/1.1\r\n");
            long drips = 0;
            try {
                for (; drips < 1000; drips++) {
                    client.send("a: b\r\n");
                    Thread.sleep(20);
                }
            } catch (IOException e) {
                // It has ended.
            }
            assertThat(drips).isLessThan(500);
        }
    }

    @Test
    void anIdleConnectionEndsAndABusyOneDoesNot() throws Exception {
        serve(IMPATIENT, (request, exchange) -> loop().after(Duration.ofMillis(600), () -> echo(request, exchange)));
        try (UnixClient silent = new UnixClient(socket());
                UnixClient busy = new UnixClient(socket())) {
            busy.send("GET / HTTP/1.1\r\n\r\n");
            assertThat(silent.isEnded()).isTrue();
            assertThat(busy.read().status()).isEqualTo(200);
            assertThat(busy.isEnded()).isTrue();
        }
    }

    @Test
    void anAnswerNobodyReadsTimesOut() throws Exception {
        serve(IMPATIENT, (request, exchange) -> exchange.respond(HttpResponse.text(200, "x".repeat(4 << 20))));
        try (UnixClient client = new UnixClient(socket())) {
            client.send("GET / HTTP/1.1\r\n\r\n");
            Thread.sleep(1000);
            assertThat(client.readHead().status()).isEqualTo(200);
            long left = 0;
            while (!client.isEnded()) {
                left++;
            }
            assertThat(left).isLessThan(4 << 20);
        }
    }

    @Test
    void oneClientTooManyIsTurnedAwayUntilAnotherGoes() throws Exception {
        serve(HttpTestBase::echo);
        List<UnixClient> clients = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            clients.add(new UnixClient(socket()));
            assertThat(clients.getLast().put("/", "{}").read().status()).isEqualTo(200);
        }
        try (UnixClient eleventh = new UnixClient(socket())) {
            UnixClient.Answer answer = eleventh.put("/", "{}").read();
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.body()).isEqualTo("{\"error\":\"Too many open connections\"}");
            assertThat(eleventh.isEnded()).isTrue();
        }
        assertThat(clients.getFirst().put("/", "{}").read().status()).isEqualTo(200);
        clients.removeFirst().close();
        UnixClient.Answer answer = UnixClient.get(socket(), "/");
        for (int i = 0; i < 1000 && answer.status() == 503; i++) {
            Thread.sleep(10);
            answer = UnixClient.get(socket(), "/");
        }
        assertThat(answer.status()).isEqualTo(200);
        for (UnixClient client : clients) {
            client.close();
        }
    }

    @Test
    void tenThousandClientsAtOnceAreTurnedAwayAndCostNothing() throws Exception {
        serve(HttpTestBase::echo);
        long before = descriptors();
        List<UnixClient> clients = new ArrayList<>();
        int answered = 0;
        int turnedAway = 0;
        try {
            for (int i = 0; i < 10_000; i++) {
                clients.add(new UnixClient(socket()));
            }
            for (UnixClient client : clients) {
                try {
                    client.send("GET / HTTP/1.1\r\n\r\n");
                } catch (IOException e) {
                    // It was turned away already, and reads why.
                }
            }
            for (UnixClient client : clients) {
                switch (client.read().status()) {
                    case 200 -> answered++;
                    case 503 -> turnedAway++;
                    default -> throw new AssertionError("neither served nor turned away");
                }
            }
            assertThat(answered).isEqualTo(10);
            assertThat(turnedAway).isEqualTo(9_990);
            // The clients' own, the ten served, and the turned away that have not closed.
            assertThat(descriptors() - before).isLessThan(10_000 + 10 + 10 + 20);
        } finally {
            for (UnixClient client : clients) {
                client.close();
            }
        }
        UnixClient.Answer answer = UnixClient.get(socket(), "/");
        for (int i = 0; i < 1000 && answer.status() == 503; i++) {
            Thread.sleep(10);
            answer = UnixClient.get(socket(), "/");
        }
        assertThat(answer.status()).isEqualTo(200);
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
