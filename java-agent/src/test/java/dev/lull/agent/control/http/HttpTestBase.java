package dev.lull.agent.control.http;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server on a socket, and clients. */
@Timeout(60)
class HttpTestBase {
    static final HttpLimits LIMITS = new HttpLimits(51_200, 10, Duration.ofMinutes(5), Duration.ofMinutes(5));

    private static HttpLoop loop;

    @TempDir
    Path directory;

    private @Nullable HttpServer server;

    @BeforeAll
    static void startLoop() {
        loop = new HttpLoop();
    }

    @AfterAll
    static void endLoop() {
        loop.close();
    }

    @AfterEach
    void closeServer() {
        if (server != null) {
            server.close();
        }
    }

    static HttpLoop loop() {
        return loop;
    }

    Path socket() {
        return directory.resolve("api.socket");
    }

    HttpServer serve(HttpHandler handler) {
        return serve(LIMITS, handler);
    }

    HttpServer serve(HttpLimits limits, HttpHandler handler) {
        server = HttpServer.listen(loop, socket(), 0600, limits, handler);
        return server;
    }

    /** Answers with what was asked. */
    static void echo(HttpRequest request, HttpExchange exchange) {
        exchange.respond(HttpResponse.text(
                200, request.method() + " " + request.path() + " " + request.query() + " " + request.body().length));
    }
}
