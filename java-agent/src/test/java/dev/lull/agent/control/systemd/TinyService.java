package dev.lull.agent.control.systemd;

import dev.lull.agent.control.http.HttpExchange;
import dev.lull.agent.control.http.HttpLimits;
import dev.lull.agent.control.http.HttpLoop;
import dev.lull.agent.control.http.HttpRequest;
import dev.lull.agent.control.http.HttpResponse;
import dev.lull.agent.control.http.HttpServer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A service in a process of its own that does what any does, and nothing besides. */
public final class TinyService {
    private static final HttpLimits LIMITS = new HttpLimits(1000, 1000, Duration.ofSeconds(10), Duration.ofSeconds(60));

    private static final Logger LOG = LoggerFactory.getLogger(TinyService.class);

    private TinyService() {}

    /** The command line of one that serves at {@code socket}, if it is not passed one. */
    public static List<String> command(Path socket) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                TinyService.class.getName()));
        command.add(socket.toString());
        return command;
    }

    public static void main(String[] arguments) throws InterruptedException {
        ServiceEnvironment environment = ServiceEnvironment.take();
        HttpLoop loop = new HttpLoop();
        Notifier notifier = Notifier.connect(environment);
        ServerSocketChannel passed = SocketActivation.take(environment);
        HttpServer server = passed == null
                ? HttpServer.listen(loop, Path.of(arguments[0]), 0600, LIMITS, TinyService::handle)
                : HttpServer.on(loop, passed, LIMITS, TinyService::handle);
        Watchdog watchdog = Watchdog.start(environment, notifier, loop);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            notifier.stopping();
            watchdog.close();
            server.close();
            loop.close();
            notifier.close();
            LOG.info("ended");
        }));
        // Once, or a class of it would be looked for when there is no descriptor to read it through.
        loop.after(Duration.ZERO, () -> LOG.info("serves"));
        notifier.ready();
        notifier.status("serving\nREADY=0");
        new CountDownLatch(1).await();
    }

    private static void handle(HttpRequest request, HttpExchange exchange) {
        if (request.path().equals("/stall")) {
            try {
                Thread.sleep(1000);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        exchange.respond(HttpResponse.text(200, "served, environment again: " + ServiceEnvironment.take()));
    }
}
