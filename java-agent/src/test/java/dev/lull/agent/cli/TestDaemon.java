package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.HostException;
import dev.lull.agent.control.daemon.Lulld;
import dev.lull.device.loop.Uninterrupted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@code lulld} of the test's own, in a process of its own. */
final class TestDaemon implements AutoCloseable {
    private static final int START_SECONDS = 30;
    private static final int STOP_SECONDS = 30;

    private final Path socket;
    private final Path log;
    private final Process process;

    private TestDaemon(Path socket, Path log, Process process) {
        this.socket = socket;
        this.log = log;
        this.process = process;
    }

    /** Starts it and waits until it serves; all it has is below {@code directory}. */
    static TestDaemon start(Path directory) throws IOException, InterruptedException {
        Path run = directory.resolve("run");
        Path socket = run.resolve("lulld.sock");
        Path log = directory.resolve("lulld.log");
        Path config = Files.writeString(
                directory.resolve("lulld.conf"),
                "run-directory = %s\nsocket-group =\nstop-seconds = 0\n".formatted(run));
        List<String> command = new ArrayList<>(Lull.command("--config", config.toString()));
        command.replaceAll(word -> word.equals(Main.class.getName()) ? Lulld.class.getName() : word);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        TestDaemon daemon = new TestDaemon(socket, log, process);
        daemon.awaitReady();
        return daemon;
    }

    /** Runs {@code lull} with arguments for this service. */
    Lull.Result lull(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--socket", socket.toString()));
        return Lull.run(all.toArray(String[]::new));
    }

    /** The same, which must succeed in silence; what it wrote. */
    String out(String... arguments) throws IOException {
        Lull.Result result = lull(arguments);
        assertThat(result.err())
                .as("%s; %s", String.join(" ", arguments), said())
                .isEmpty();
        assertThat(result.status()).isZero();
        return result.out();
    }

    Path socket() {
        return socket;
    }

    HostClient client() {
        return new HostClient(socket);
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        Uninterrupted.await(() -> process.waitFor(STOP_SECONDS, TimeUnit.SECONDS));
        if (process.isAlive()) {
            process.destroyForcibly();
            throw new AssertionError("lulld did not stop: " + said());
        }
    }

    private void awaitReady() throws IOException, InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (true) {
            try {
                client().host();
                return;
            } catch (HostException e) {
                if (!process.isAlive() || System.nanoTime() > deadlineNanos) {
                    process.destroyForcibly();
                    throw new AssertionError("lulld did not start: " + said(), e);
                }
                Thread.sleep(20);
            }
        }
    }

    private String said() throws IOException {
        return Files.readString(log);
    }
}
