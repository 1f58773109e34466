package dev.lull.perf.worker;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How a scenario's worker is started, in the lab or on this machine. */
public final class WorkerCommand {
    private static final Duration LAB_START = Duration.ofSeconds(60);

    private final Path root;
    private final String labClock;
    private final Class<?> main;

    /**
     * @param root of the project
     * @param labClock {@code real} or {@code instructions}; empty to stay on this machine
     * @param main its class
     */
    public WorkerCommand(Path root, String labClock, Class<?> main) {
        this.root = root;
        this.labClock = labClock;
        this.main = main;
    }

    /**
     * The whole command.
     *
     * @param longest after which the lab ends, even if this process is no more. Far sooner it is ended for being silent
     */
    public List<String> of(List<String> arguments, Duration longest) {
        List<String> command = new ArrayList<>();
        if (!labClock.isEmpty()) {
            command.addAll(List.of(
                    root.resolve("lull").toString(),
                    "lab",
                    "run",
                    "--clock",
                    labClock,
                    "--timeout",
                    Long.toString(longest.plus(LAB_START).toSeconds())));
            if (labClock.equals("real")) {
                // With CPUs in parallel the emulation goes wrong under load (perf/lab/README.md, Limits).
                command.add("--one-thread");
            }
            command.add("--");
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
                "dev.lull.perf/" + main.getName()));
        command.addAll(arguments);
        return command;
    }
}
