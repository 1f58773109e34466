package dev.lull.agent.cli.vm;

import dev.lull.agent.client.HostClient;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How to reach the host's service. */
public final class HostOptions {
    private static final String VARIABLE = "LULL_SOCKET";

    @Option(
            names = "--socket",
            paramLabel = "PATH",
            description = "lulld's socket; LULL_SOCKET of the environment, or /run/lull/lulld.sock, unless given.")
    private @Nullable Path socket;

    /** A client of the service. */
    public HostClient client() {
        String variable = System.getenv(VARIABLE);
        if (socket != null) {
            return new HostClient(socket);
        }
        return new HostClient(variable == null || variable.isEmpty() ? HostClient.DEFAULT_SOCKET : Path.of(variable));
    }
}
