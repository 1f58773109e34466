package dev.lull.agent.control.daemon;

import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.HostException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** A {@code lulld} of a test's own, in another process, with its run directory below the test's. */
public final class LulldProcess implements AutoCloseable {
    private static final long READY_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Path directory;
    private final Process process;
    private final HostClient client;

    private LulldProcess(Path directory, Process process) {
        this.directory = directory;
        this.process = process;
        this.client = new HostClient(socket(directory));
    }

    /** Starts it and waits until it answers. */
    public static LulldProcess start(Path directory) throws IOException, InterruptedException {
        Path config = directory.resolve("lulld.conf");
        Files.writeString(config, """
                run-directory = %s
                socket-group =
                stop-seconds = 5
                """.formatted(directory.resolve("run")));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "-Dlull.core.library=" + System.getProperty("lull.core.library"),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.lull.agent.control.daemon.Lulld",
                "--config",
                config.toString()));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("lulld.log").toFile()));
        // The lab has one, with kernels that are unpacked already.
        builder.environment()
                .putIfAbsent("LULL_CACHE", directory.resolve("cache").toString());
        LulldProcess lulld = new LulldProcess(directory, builder.start());
        lulld.awaitReady();
        return lulld;
    }

    /** Where one that was started in {@code directory} listens. */
    public static Path socket(Path directory) {
        return directory.resolve("run").resolve("lulld.sock");
    }

    /** A client of its. */
    public HostClient client() {
        return client;
    }

    /** All it has said so far, and those before it. */
    public String log() throws IOException {
        return Files.readString(directory.resolve("lulld.log"));
    }

    /** What it holds of the kernel's. */
    Held held() throws IOException {
        return new Held(
                count("fd"),
                count("task"),
                guestMappings(),
                entries(directory.resolve("run").resolve("vms")));
    }

    /** Its resident memory, in bytes. */
    long residentBytes() throws IOException {
        String[] pages = Files.readString(proc("statm")).split(" ", 3);
        return Long.parseLong(pages[1]) * 4096;
    }

    /** As {@code kill -9} does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** As systemd does. */
    int stop() throws InterruptedException {
        process.destroy();
        return process.waitFor();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.onExit().get(30, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            process.destroyForcibly();
        }
    }

    private void awaitReady() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + READY_NANOS;
        while (true) {
            try {
                client.host();
                return;
            } catch (HostException e) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    throw new IllegalStateException("lulld is not ready: " + log(), e);
                }
                Thread.sleep(10);
            }
        }
    }

    private long count(String what) throws IOException {
        return entries(proc(what));
    }

    /** Mappings of guest memory and of vCPUs. */
    private long guestMappings() throws IOException {
        try (Stream<String> lines = Files.lines(proc("maps"))) {
            return lines.filter(line -> line.contains("kvm")).count();
        }
    }

    private Path proc(String what) {
        return Path.of("/proc", Long.toString(process.pid()), what);
    }

    private static long entries(Path path) throws IOException {
        try (Stream<Path> entries = Files.list(path)) {
            return entries.count();
        }
    }

    /**
     * What a process holds.
     *
     * @param vcpus their mappings
     * @param directories of virtual machines
     */
    record Held(long descriptors, long threads, long vcpus, long directories) {}
}
