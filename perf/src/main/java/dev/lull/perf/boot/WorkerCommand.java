package dev.lull.perf.boot;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How a {@link BootWorker} is started, in the lab or on this machine. */
final class WorkerCommand {
    private static final int LAB_START_SECONDS = 60;

    private final Path root;
    private final String labClock;

    /** @param labClock {@code real} or {@code instructions}; empty to stay on this machine */
    WorkerCommand(Path root, String labClock) {
        this.root = root;
        this.labClock = labClock;
    }

    List<String> of(BootWorker work) {
        List<String> command = new ArrayList<>();
        if (!labClock.isEmpty()) {
            command.addAll(List.of(
                    root.resolve("lull").toString(),
                    "lab",
                    "run",
                    "--clock",
                    labClock,
                    "--timeout",
                    Long.toString(longestSeconds(work)),
                    "--"));
        }
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xint",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-Xmx64m",
                "-p",
                System.getProperty("jdk.module.path", ""),
                "-m",
                "dev.lull.perf/" + BootWorker.class.getName()));
        command.addAll(work.arguments());
        return command;
    }

    /** The lab ends then, even if this process is no more. Far sooner it is ended for being silent. */
    private static long longestSeconds(BootWorker work) {
        long runs =
                (2L + work.lastRound() - work.firstRound()) * work.subjects().size();
        return LAB_START_SECONDS + runs * work.limit().toSeconds();
    }
}
