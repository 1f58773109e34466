package dev.lull.perf.start;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A {@code lulld} in a directory of its own, and when it was started. */
final class StartedLulld implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long POLL_MILLIS = 1;
    private static final long SETTLING_MILLIS = 500;
    private static final int REPLY_BYTES = 4096;

    private final Path directory;
    private final UnixDomainSocketAddress address;
    private final long beginNanos;
    private final Process process;

    private StartedLulld(Path directory, Path program, Path config) throws IOException {
        this.directory = directory;
        address = UnixDomainSocketAddress.of(directory.resolve("lulld.sock"));
        ProcessBuilder builder = new ProcessBuilder(program.toString(), "--config", config.toString())
                .redirectError(directory.resolve("log").toFile());
        beginNanos = System.nanoTime();
        process = builder.start();
    }

    static StartedLulld start(Path program) throws IOException {
        Path directory = Files.createTempDirectory("lull-start");
        Path config = directory.resolve("lulld.conf");
        Files.writeString(config, "run-directory = " + directory + "\nsocket-group =\n");
        return new StartedLulld(directory, program, config);
    }

    /** Waits until its socket takes a connection; how long after the start, in nanoseconds. */
    long awaitReady() throws IOException, InterruptedException {
        while (true) {
            try {
                SocketChannel.open(address).close();
                return System.nanoTime() - beginNanos;
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() - beginNanos > PATIENCE_NANOS) {
                    throw new IOException("lulld does not serve: " + Files.readString(directory.resolve("log")), e);
                }
                Thread.sleep(POLL_MILLIS);
            }
        }
    }

    /** Asks for {@code /}; how long after the start it was answered, in nanoseconds. */
    long firstReply() throws IOException {
        try (SocketChannel channel = SocketChannel.open(address)) {
            channel.write(StandardCharsets.US_ASCII.encode("GET / HTTP/1.1\r\nHost: lulld\r\n\r\n"));
            ByteBuffer reply = ByteBuffer.allocate(REPLY_BYTES);
            int bytes = channel.read(reply);
            long nanos = System.nanoTime() - beginNanos;
            String text = StandardCharsets.US_ASCII.decode(reply.flip()).toString();
            if (bytes < 0 || !text.startsWith("HTTP/1.1 200 ")) {
                throw new IOException("lulld answers: " + text);
            }
            return nanos;
        }
    }

    /** What it has in memory after doing nothing for a moment: {@code VmRSS} of {@code proc_pid_status(5)}. */
    long idleResidentBytes() throws IOException, InterruptedException {
        Thread.sleep(SETTLING_MILLIS);
        String line = Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                .filter(text -> text.startsWith("VmRSS:"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        process.onExit().join();
        List<Path> files;
        try (Stream<Path> found = Files.walk(directory)) {
            files = found.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }
}
