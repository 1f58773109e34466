package dev.lull.agent.control.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.agent.control.http.HttpLoop;
import dev.lull.agent.control.http.UnixClient;
import dev.lull.agent.machine.ConfigException;
import dev.lull.linux.DatagramReceiver;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A service manager and a service understand each other; the test is the manager. */
@Timeout(60)
class ServiceManagerTest {
    private static final int PATIENCE_MILLIS = 20_000;

    /** Listens at a path and becomes the rest of its command line, as a manager's child does. */
    private static final String PASS_SOCKET = "$^F = 255; my $path = shift; socket(my $s, PF_UNIX, SOCK_STREAM, 0);"
            + " bind($s, sockaddr_un($path)) or die; listen($s, 16) or die; dup2(fileno($s), 3) or die;"
            + " $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1; exec @ARGV;";

    @TempDir
    private Path directory;

    private @Nullable Process service;

    @AfterEach
    void endService() {
        if (service != null) {
            service.destroyForcibly();
        }
    }

    private Process start(List<String> command, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        service = builder.start();
        return service;
    }

    private static String end(Process process) throws IOException, InterruptedException {
        process.toHandle().destroy();
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return err;
    }

    @ParameterizedTest
    @ValueSource(strings = {"path", "@lull-test-abstract"})
    void aServiceTellsItsManagerHowItIs(String address) throws Exception {
        String notify = address.startsWith("@")
                ? address + ProcessHandle.current().pid()
                : directory.resolve("notify").toString();
        Path socket = directory.resolve("api");
        try (DatagramReceiver manager = new DatagramReceiver(notify)) {
            Process process = start(TinyService.command(socket), Map.of("NOTIFY_SOCKET", notify));
            assertThat(manager.receive(PATIENCE_MILLIS)).isEqualTo("READY=1");
            assertThat(manager.receive(PATIENCE_MILLIS)).isEqualTo("STATUS=serving READY=0");
            assertThat(UnixClient.get(socket, "/").body())
                    .isEqualTo("served, environment again: " + new ServiceEnvironment(null, null, 0));
            process.toHandle().destroy();
            assertThat(manager.receive(PATIENCE_MILLIS)).isEqualTo("STOPPING=1");
            assertThat(end(process)).isEqualTo("lulld: INFO serves\nlulld: INFO ended\n");
            assertThat(socket).doesNotExist();
        }
    }

    @Test
    void signsOfLifeComeFromTheLoopAndStopWithIt() throws Exception {
        Path socket = directory.resolve("api");
        String notify = directory.resolve("notify").toString();
        try (DatagramReceiver manager = new DatagramReceiver(notify)) {
            start(TinyService.command(socket), Map.of("NOTIFY_SOCKET", notify, "WATCHDOG_USEC", "200000"));
            assertThat(manager.receive(PATIENCE_MILLIS)).isEqualTo("READY=1");
            assertThat(manager.receive(PATIENCE_MILLIS)).startsWith("STATUS=");
            for (int i = 0; i < 5; i++) {
                assertThat(manager.receive(PATIENCE_MILLIS)).isEqualTo("WATCHDOG=1");
            }
            Thread staller = Thread.ofPlatform().start(() -> {
                try {
                    UnixClient.get(socket, "/stall");
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            long longestNanos = 0;
            long last = System.nanoTime();
            while (staller.isAlive()) {
                if (manager.receive(20) != null) {
                    long now = System.nanoTime();
                    longestNanos = Math.max(longestNanos, now - last);
                    last = now;
                }
            }
            assertThat(manager.receive(PATIENCE_MILLIS)).isEqualTo("WATCHDOG=1");
            longestNanos = Math.max(longestNanos, System.nanoTime() - last);
            assertThat(longestNanos).isGreaterThan(800_000_000L);
        }
    }

    @Test
    void aSocketPassedOnIsServedAndOutlivesTheService() throws Exception {
        Path socket = directory.resolve("passed");
        List<String> command =
                new ArrayList<>(List.of("perl", "-MSocket", "-MPOSIX=dup2", "-e", PASS_SOCKET, socket.toString()));
        command.addAll(TinyService.command(directory.resolve("unused")));
        Process process = start(command, Map.of());
        while (!Files.exists(socket)) {
            Thread.sleep(10);
        }
        // Whoever comes before the service waits for it.
        assertThat(UnixClient.get(socket, "/").status()).isEqualTo(200);
        assertThat(directory.resolve("unused")).doesNotExist();
        assertThat(Files.readSymbolicLink(Path.of("/proc/" + process.pid() + "/fd/0")))
                .isEqualTo(Path.of("/dev/null"));
        assertThat(end(process)).isEqualTo("lulld: INFO serves\nlulld: INFO ended\n");
        assertThat(socket).exists();
    }

    @Test
    void whatIsPassedOnAndNoSocketIsRefusedInALine() {
        assertThatThrownBy(() -> SocketActivation.take(new ServiceEnvironment(null, null, 2)))
                .isInstanceOf(ConfigException.class)
                .hasMessage("the socket unit passes 2 sockets and lulld serves one; leave one ListenStream= in it");
        assertThat(SocketActivation.take(new ServiceEnvironment(null, null, 0))).isNull();
    }

    @Test
    void aDescriptorThatIsNoSocketIsRefusedInALine() throws Exception {
        List<String> command = new ArrayList<>(
                List.of("sh", "-c", "exec 3</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\"", "sh"));
        command.addAll(TinyService.command(directory.resolve("unused")));
        Process process = start(command, Map.of());
        assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("the socket unit passes no listening Unix socket with a path; give it one ListenStream=");
        assertThat(process.waitFor()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "NOTIFY_SOCKET=/run/x WATCHDOG_USEC=30000000 LISTEN_FDS=1 LISTEN_PID=7, /run/x, 30000, 1",
                "WATCHDOG_USEC=2000000 WATCHDOG_PID=7, -, 2000, 0",
                "WATCHDOG_USEC=2000000 WATCHDOG_PID=8, -, -, 0",
                "LISTEN_FDS=1 LISTEN_PID=8, -, -, 0",
                "LISTEN_FDS=1, -, -, 0",
                "LISTEN_FDS=x LISTEN_PID=7 WATCHDOG_USEC=y, -, -, 0",
                "LISTEN_FDS=-1 LISTEN_PID=7 WATCHDOG_USEC=-1 NOTIFY_SOCKET=, -, -, 0"
            })
    void theEnvironmentIsReadAsItIsMeant(String text, @Nullable String notify, @Nullable Long watchdogMillis, int fds) {
        Map<String, String> environment = new HashMap<>();
        for (String variable : text.split(" ", -1)) {
            int equals = variable.indexOf('=');
            environment.put(variable.substring(0, equals), variable.substring(equals + 1));
        }
        assertThat(ServiceEnvironment.of(environment, 7))
                .isEqualTo(new ServiceEnvironment(
                        notify, watchdogMillis == null ? null : Duration.ofMillis(watchdogMillis), fds));
    }

    @Test
    void withoutAManagerThereIsNobodyToTell() {
        try (HttpLoop loop = new HttpLoop();
                Notifier notifier = Notifier.connect(new ServiceEnvironment(null, null, 0));
                Watchdog watchdog = Watchdog.start(new ServiceEnvironment(null, null, 0), notifier, loop)) {
            notifier.ready();
            notifier.status("quiet");
            notifier.stopping();
            assertThat(watchdog).isNotNull();
        }
        try (Notifier deaf = Notifier.connect(
                new ServiceEnvironment(directory.resolve("missing").toString(), null, 0))) {
            deaf.ready();
        }
    }

    /** It stays there, slow, and serves again; it does not spin. */
    @Test
    void aServiceThatRunsOutOfDescriptorsServesAgain() throws Exception {
        Path socket = directory.resolve("api");
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 150; exec \"$@\"", "sh"));
        command.addAll(TinyService.command(socket));
        String notify = directory.resolve("notify").toString();
        try (DatagramReceiver manager = new DatagramReceiver(notify)) {
            Process process = start(command, Map.of("NOTIFY_SOCKET", notify));
            assertThat(manager.receive(PATIENCE_MILLIS)).isEqualTo("READY=1");
            assertThat(UnixClient.get(socket, "/").status()).isEqualTo(200);
            List<UnixClient> clients = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                clients.add(new UnixClient(socket));
                clients.getLast().send("GET / HTTP/1.1\r\n\r\n");
            }
            Thread.sleep(500);
            Duration before = process.info().totalCpuDuration().orElseThrow();
            Thread.sleep(2000);
            Duration used = process.info().totalCpuDuration().orElseThrow().minus(before);
            assertThat(used).isLessThan(Duration.ofMillis(500));
            assertThat(clients.getFirst().read().status()).isEqualTo(200);
            for (int i = 0; i < 150; i++) {
                clients.removeFirst().close();
            }
            assertThat(clients.getLast().read().status()).isEqualTo(200);
            for (UnixClient client : clients) {
                client.close();
            }
            // Once each time it happens, and it happens again to those who had to wait.
            assertThat(end(process))
                    .matches("lulld: INFO serves\n"
                            + "(lulld: WARN No connection can be accepted, they wait: .*\n){1,10}"
                            + "lulld: INFO ended\n");
        }
    }
}
