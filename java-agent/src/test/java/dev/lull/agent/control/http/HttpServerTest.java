package dev.lull.agent.control.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Requests come whole, and answers in order. */
class HttpServerTest extends HttpTestBase {
    private static final String GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    @Test
    void aRequestComesWhole() throws Exception {
        AtomicReference<HttpRequest> seen = new AtomicReference<>();
        serve((request, exchange) -> {
            seen.set(request);
            exchange.respond(HttpResponse.noContent());
        });
        try (UnixClient client = new UnixClient(socket())) {
            client.send("PUT /drives/a%20b?x=1?&y HTTP/1.1\r\nHost: localhost\r\nX-Two: a\r\nx-two: b\r\n"
                    + "Content-Length: 4\r\n\r\n{\r\n}");
            UnixClient.Answer answer = client.read();
            assertThat(answer.status()).isEqualTo(204);
            assertThat(answer.headers())
                    .containsEntry("server", "Lull")
                    .containsEntry("connection", "keep-alive")
                    .doesNotContainKeys("content-length", "content-type");
        }
        HttpRequest request = seen.get();
        assertThat(request.method()).isEqualTo("PUT");
        assertThat(request.path()).isEqualTo("/drives/a%20b");
        assertThat(request.query()).isEqualTo("x=1?&y");
        assertThat(request.headers()).containsEntry("x-two", "b").containsEntry("host", "localhost");
        assertThat(request.body()).isEqualTo("{\r\n}".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void theClientIsKnown() throws Exception {
        AtomicReference<Peer> seen = new AtomicReference<>();
        serve((request, exchange) -> {
            seen.set(request.peer());
            exchange.respond(HttpResponse.noContent());
        });
        UnixClient.get(socket(), "/");
        assertThat(seen.get().pid()).isEqualTo((int) ProcessHandle.current().pid());
        int uid = (Integer) java.nio.file.Files.getAttribute(java.nio.file.Path.of("/proc/self"), "unix:uid");
        assertThat(seen.get().uid()).isEqualTo(uid);
        assertThat(seen.get().gid()).isNotNegative();
    }

    @Test
    void aConnectionTakesOneRequestAfterAnother() throws Exception {
        serve(HttpTestBase::echo);
        try (UnixClient client = new UnixClient(socket())) {
            for (int i = 0; i < 100; i++) {
                UnixClient.Answer answer = client.put("/" + i, "x".repeat(i)).read();
                assertThat(answer.body()).isEqualTo("PUT /" + i + "  " + i);
                assertThat(answer.header("content-type")).isEqualTo("text/plain; charset=utf-8");
            }
        }
    }

    @Test
    void answersComeInTheOrderOfTheirRequestsHoweverLongTheyTake() throws Exception {
        BlockingQueue<HttpExchange> waiting = new LinkedBlockingQueue<>();
        List<String> begun = new ArrayList<>();
        serve((request, exchange) -> {
            begun.add(request.path());
            if (request.path().endsWith("0")) {
                waiting.add(exchange);
            } else {
                echo(request, exchange);
            }
        });
        try (UnixClient client = new UnixClient(socket())) {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 1000; i++) {
                requests.append("PUT /").append(i).append(" HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
            }
            Thread sender = Thread.ofPlatform().start(() -> {
                try {
                    client.send(requests.toString());
                } catch (java.io.IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            for (int i = 0; i < 1000; i++) {
                if (i % 10 == 0) {
                    HttpExchange exchange = waiting.take();
                    // The next one is not begun before this one is answered.
                    assertThat(begun).hasSize(i + 1);
                    exchange.respond(HttpResponse.text(200, "late"));
                    assertThat(client.read().body()).isEqualTo("late");
                } else {
                    assertThat(client.read().body()).isEqualTo("PUT /" + i + "  2");
                }
            }
            sender.join();
        }
        assertThat(begun).hasSize(1000);
    }

    @Test
    void aRequestMayComeByteByByteAndItsBodyInChunks() throws Exception {
        serve(HttpTestBase::echo);
        try (UnixClient client = new UnixClient(socket())) {
            String request =
                    "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";
            for (byte b : request.getBytes(StandardCharsets.US_ASCII)) {
                client.send(new byte[] {b});
            }
            assertThat(client.read().body()).isEqualTo("PUT /a  19");
        }
    }

    @Test
    void aBodyHeldBackIsAskedFor() throws Exception {
        serve(HttpTestBase::echo);
        try (UnixClient client = new UnixClient(socket())) {
            client.send("PUT /a HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
            assertThat(client.readHead().status()).isEqualTo(100);
            assertThat(client.send("abc").read().body()).isEqualTo("PUT /a  3");
        }
    }

    @Test
    void olderClientsAndOddRequestsAreUnderstood() throws Exception {
        serve(HttpTestBase::echo);
        try (UnixClient client = new UnixClient(socket())) {
            UnixClient.Answer answer = client.send("GET /a HTTP/1.0\r\n\r\n").read();
            assertThat(answer.body()).isEqualTo("GET /a  0");
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(client.isEnded()).isTrue();
        }
        try (UnixClient client = new UnixClient(socket())) {
            assertThat(client.send("GET http://localhost/a?b HTTP/1.1\r\n\r\n")
                            .read()
                            .body())
                    .isEqualTo("GET /a b 0");
            UnixClient.Answer head = client.send("HEAD /a HTTP/1.1\r\n\r\n").readHead();
            assertThat(head.header("content-length")).isEqualTo("10");
            assertThat(client.send("QUERY /a HTTP/1.1\r\n\r\n").read().body()).isEqualTo("QUERY /a  0");
            assertThat(client.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
                            .read()
                            .status())
                    .isEqualTo(200);
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void aClientThatSendsNoMoreIsStillAnswered() throws Exception {
        serve((request, exchange) -> loop().after(java.time.Duration.ofMillis(50), () -> echo(request, exchange)));
        try (UnixClient client = new UnixClient(socket())) {
            client.send(GET).shutdownOutput();
            assertThat(client.read().status()).isEqualTo(200);
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void aHandlersFaultIsAnsweredAndTheServerGoesOn() throws Exception {
        CompletableFuture<Throwable> second = new CompletableFuture<>();
        serve((request, exchange) -> {
            switch (request.path()) {
                case "/throws" -> throw new IllegalStateException("on purpose");
                case "/twice" -> {
                    exchange.respond(HttpResponse.noContent());
                    try {
                        exchange.respond(HttpResponse.noContent());
                    } catch (IllegalStateException e) {
                        second.complete(e);
                    }
                }
                default ->
                    exchange.respond(new HttpResponse(
                            400,
                            "application/json",
                            "{}".getBytes(StandardCharsets.US_ASCII),
                            Map.of("Deprecation", "true")));
            }
        });
        try (UnixClient client = new UnixClient(socket())) {
            UnixClient.Answer fault =
                    client.send("GET /throws HTTP/1.1\r\n\r\n").read();
            assertThat(fault.status()).isEqualTo(500);
            assertThat(fault.body()).startsWith("{\"fault_message\":\"A fault of Lull's own");
            assertThat(client.send("GET /twice HTTP/1.1\r\n\r\n").read().status())
                    .isEqualTo(204);
            assertThat(second.get(10, TimeUnit.SECONDS)).hasMessage("this request is answered already");
            assertThat(client.send("GET /x HTTP/1.1\r\n\r\n").read().header("deprecation"))
                    .isEqualTo("true");
        }
    }

    @Test
    void anAnswerToAClientThatHasGoneHarmsNobody() throws Exception {
        BlockingQueue<HttpExchange> waiting = new LinkedBlockingQueue<>();
        serve((request, exchange) -> {
            if (request.path().equals("/wait")) {
                waiting.add(exchange);
            } else {
                echo(request, exchange);
            }
        });
        HttpExchange exchange;
        try (UnixClient client = new UnixClient(socket())) {
            client.send("GET /wait HTTP/1.1\r\n\r\n");
            exchange = waiting.take();
        }
        exchange.respond(HttpResponse.text(200, "x".repeat(1 << 20)));
        assertThat(UnixClient.get(socket(), "/").status()).isEqualTo(200);
    }

    @Test
    void aServerThatClosesLetsAnswersOut() throws Exception {
        BlockingQueue<HttpExchange> waiting = new LinkedBlockingQueue<>();
        HttpServer server = serve((request, exchange) -> waiting.add(exchange));
        try (UnixClient busy = new UnixClient(socket());
                UnixClient idle = new UnixClient(socket())) {
            busy.send(GET);
            HttpExchange exchange = waiting.take();
            server.close();
            server.close();
            assertThat(socket()).doesNotExist();
            assertThat(idle.isEnded()).isTrue();
            exchange.respond(HttpResponse.text(200, "last words"));
            UnixClient.Answer answer = busy.read();
            assertThat(answer.body()).isEqualTo("last words");
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(busy.isEnded()).isTrue();
            assertThatThrownBy(() -> new UnixClient(socket())).isInstanceOf(java.io.IOException.class);
        }
    }

    @Test
    void manyServersShareTheThread() throws Exception {
        List<HttpServer> servers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            String name = "vm" + i;
            servers.add(HttpServer.listen(
                    loop(),
                    directory.resolve(name),
                    0600,
                    LIMITS,
                    (request, exchange) -> exchange.respond(HttpResponse.text(200, name))));
        }
        for (int i = 0; i < 200; i++) {
            assertThat(UnixClient.get(directory.resolve("vm" + i), "/").body()).isEqualTo("vm" + i);
        }
        servers.forEach(HttpServer::close);
        assertThat(directory).isEmptyDirectory();
        assertThat(Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().equals("lull-http"))
                        .count())
                .isEqualTo(1);
    }

    @Test
    void theLoopRunsTasks() throws Exception {
        BlockingQueue<Boolean> ran = new LinkedBlockingQueue<>();
        loop().execute(() -> ran.add(loop().isCurrent()));
        assertThat(ran.take()).isTrue();
        assertThat(loop().isCurrent()).isFalse();
        var repeated = loop().every(java.time.Duration.ofMillis(5), () -> ran.add(true));
        assertThat(ran.poll(10, TimeUnit.SECONDS)).isTrue();
        assertThat(ran.poll(10, TimeUnit.SECONDS)).isTrue();
        repeated.cancel();
    }
}
