package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

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

    /** An iperf3 that listens. Its reports, more than a pipe holds, are read and dropped. */
    static Process iperfServer() throws IOException {
        return iperfServer(5201);
    }

    /** The same, on a port other than the usual. */
    static Process iperfServer(int port) throws IOException {
        Process server = start("iperf3", "--server", "--forceflush", "--port", Integer.toString(port));
        BufferedReader said = server.inputReader();
        String line = said.readLine();
        while (line != null && !line.contains("listening")) {
            line = said.readLine();
        }
        assertThat(line).as("iperf3 listens").isNotNull();
        Thread.ofPlatform().daemon().name("iperf3-reports").start(() -> drop(said));
        return server;
    }

    private static void drop(Reader reader) {
        try {
            reader.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // It was ended.
        }
    }
}
