package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.client.HostClient;
import dev.lull.agent.control.daemon.LulldProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A {@code lulld} of the test's own, and {@code lull} as its user types it. */
final class TestDaemon implements AutoCloseable {
    private final LulldProcess lulld;
    private final Path socket;

    private TestDaemon(LulldProcess lulld, Path socket) {
        this.lulld = lulld;
        this.socket = socket;
    }

    /** Starts it and waits until it serves; all it has is below {@code directory}. */
    static TestDaemon start(Path directory) throws IOException, InterruptedException {
        return new TestDaemon(LulldProcess.start(directory), LulldProcess.socket(directory));
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
                .as("%s; %s", String.join(" ", arguments), lulld.log())
                .isEmpty();
        assertThat(result.status()).isZero();
        return result.out();
    }

    Path socket() {
        return socket;
    }

    HostClient client() {
        return lulld.client();
    }

    @Override
    public void close() {
        lulld.close();
    }
}
