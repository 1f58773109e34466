package dev.lull.agent.cli;

import dev.lull.agent.control.daemon.Lulld;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the AOT cache of the package is made from: a start of {@code lulld} and the commands that it is given most often,
 * all in one process, since a cache holds what one process has loaded. Part of the build.
 */
public final class Rehearsal {
    private static final long POLL_MILLIS = 10;
    private static final long START_MILLIS = 60_000;

    private final String socket;

    private Rehearsal(String socket) {
        this.socket = socket;
    }

    /**
     * Rehearses and exits.
     *
     * @param arguments the configuration of {@code lulld}, the socket that it names, and the kernel of a machine; without a
     *     kernel none is started
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        String[] configuration = {"--config", arguments[0]};
        Thread.ofPlatform().daemon().name("lulld").start(() -> Lulld.main(configuration));
        Rehearsal rehearsal = new Rehearsal(arguments[1]);
        rehearsal.awaitStart();
        rehearsal.play(arguments.length > 2 ? arguments[2] : "");
        System.exit(0);
    }

    private void awaitStart() throws IOException, InterruptedException {
        for (long waited = 0; !Files.exists(Path.of(socket)); waited += POLL_MILLIS) {
            if (waited > START_MILLIS) {
                throw new IOException("lulld has not made " + socket);
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private void play(String kernel) throws IOException {
        run("vm", "list");
        if (!kernel.isEmpty()) {
            run("vm", "create", "rehearsal", "--kernel", kernel, "--start");
            run("vm", "show", "rehearsal");
            run("vm", "stop", "--now", "rehearsal");
            run("vm", "rm", "rehearsal");
            Main.execute(Stdio.ofProcess(), "run", "--kernel", kernel);
        }
    }

    private void run(String... command) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.add("--socket=" + socket);
        if (Main.execute(Stdio.ofProcess(), arguments.toArray(String[]::new)) != 0) {
            throw new IOException("lull " + String.join(" ", arguments) + " failed");
        }
    }
}
