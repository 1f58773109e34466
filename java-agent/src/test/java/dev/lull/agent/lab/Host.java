package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Programs on the machine that Lull runs on. */
final class Host {
    private Host() {}

    /** Runs a program to its end, which must be a success. */
    static String run(String... command) throws IOException, InterruptedException {
        Process process = start(command);
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as(String.join(" ", command) + ": " + said)
                .isZero();
        return said.strip();
    }

    /** Starts a program; what it writes, errors too, is its input stream. */
    static Process start(String... command) throws IOException {
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /**
     * An iperf3 that listens.
     *
     * @param directory where it writes its reports, which are more than a pipe holds that nobody reads
     */
    static Process iperfServer(Path directory) throws IOException, InterruptedException {
        Path said = directory.resolve("iperf3-server");
        Process server = new ProcessBuilder("iperf3", "--server", "--forceflush")
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Files.readString(said).contains("listening")) {
            assertThat(System.nanoTime()).as(Files.readString(said)).isLessThan(deadlineNanos);
            Thread.sleep(20);
        }
        return server;
    }
}
