package dev.lull.agent.control.daemon;

import dev.lull.agent.control.http.HttpLimits;
import dev.lull.agent.control.http.HttpLoop;
import dev.lull.agent.control.http.HttpServer;
import dev.lull.agent.control.systemd.Notifier;
import dev.lull.agent.control.systemd.ServiceEnvironment;
import dev.lull.agent.control.systemd.SocketActivation;
import dev.lull.agent.control.systemd.Watchdog;
import dev.lull.agent.control.vm.IdleTime;
import dev.lull.agent.metrics.CountersRefresher;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The daemon's life: its sockets, what it finds left of an earlier one, readiness, and its end. */
final class Daemon {
    private static final Logger LOG = LoggerFactory.getLogger("lulld");
    private static final int SOCKET_MODE = 0660;
    private static final int STOP_SLACK_SECONDS = 30;
    private static final Duration BEAT = Duration.ofSeconds(15);

    private final LulldConfig config;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);

    Daemon(LulldConfig config) {
        this.config = config;
    }

    /** Serves until the process is told to end by a signal, and then as long as it takes to end in good order. */
    void run() throws IOException, InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(this::awaitStopped, "lulld-stop"));
        try {
            serve();
        } finally {
            stopped.countDown();
        }
    }

    private void serve() throws IOException, InterruptedException {
        ServiceEnvironment environment = ServiceEnvironment.take();
        ServerSocketChannel inherited = SocketActivation.take(environment);
        Files.createDirectories(config.runDirectory());
        ExecutorService workers = Workers.pool("lulld-work");
        try (Notifier notifier = Notifier.connect(environment);
                HttpLoop loop = new HttpLoop();
                CountersRefresher counters = new CountersRefresher(LOG::warn);
                IdleTime idle = new IdleTime()) {
            Events events = new Events();
            Host host = new Host(config, loop, workers, events, counters, idle);
            Vms vms = new Vms(host);
            HostRouter router = new HostRouter(host, vms, hostId());
            HttpLimits limits = HttpLimits.ofHost();
            vms.reconcile();
            try (HttpServer _ = inherited == null
                            ? HttpServer.listen(loop, config.socket(), SOCKET_MODE, group(), limits, router)
                            : HttpServer.on(loop, inherited, limits, router);
                    Watchdog _ = Watchdog.start(environment, notifier, loop)) {
                loop.every(BEAT, events::beat);
                notifier.ready();
                notifier.status("serving " + config.socket());
                LOG.info(
                        "ready: {}; microVMs known: {}",
                        config.socket(),
                        vms.all().size());
                stop.await();
                notifier.stopping();
                LOG.info("stopping; microVMs: {}", vms.all().size());
            }
            vms.stopAll(Duration.ofSeconds(config.stopSeconds()));
            LOG.info("stopped");
        } finally {
            workers.shutdown();
        }
    }

    /** On a signal, before the process ends. */
    private void awaitStopped() {
        stop.countDown();
        try {
            if (!stopped.await(config.stopSeconds() + STOP_SLACK_SECONDS, TimeUnit.SECONDS)) {
                LOG.error("not stopped in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable String group() {
        return config.socketGroup().isEmpty() ? null : config.socketGroup();
    }

    /** Tells this host from all others; made once, and kept as long as the directory is. */
    private UUID hostId() throws IOException {
        Path path = config.runDirectory().resolve("host-id");
        if (Files.exists(path)) {
            try {
                return UUID.fromString(Files.readString(path).strip());
            } catch (IllegalArgumentException e) {
                LOG.warn("{}: is no UUID; there is a new one", path);
            }
        }
        UUID id = UUID.randomUUID();
        Files.writeString(path, id + "\n");
        return id;
    }
}
