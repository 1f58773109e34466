package dev.lull.perf.worker;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How a scenario's worker is started, in the lab or on this machine. */
public final class WorkerCommand {
    private static final Duration LAB_START = Duration.ofSeconds(60);
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin/java").toString();

    private final Path root;
    private final String labClock;
    private final Class<?> main;
    private final List<String> java;
    private final boolean polls;

    /**
     * A worker that starts others: interpreted, so that no compiler thread takes time from them.
     *
     * @param root of the project
     * @param labClock {@code real} or {@code instructions}; empty to stay on this machine
     * @param main its class
     */
    public WorkerCommand(Path root, String labClock, Class<?> main) {
        this(root, labClock, main, List.of(JAVA, "-Xint", "-Xmx64m"), false);
    }

    private WorkerCommand(Path root, String labClock, Class<?> main, List<String> java, boolean polls) {
        this.root = root;
        this.labClock = labClock;
        this.main = main;
        this.java = java;
        this.polls = polls;
    }

    /**
     * A worker that has machines in its own process, and measures what becomes of their idle time: what it does often is soon
     * compiled for good.
     *
     * @param root of the project
     * @param labClock {@code real} or {@code instructions}; empty to stay on this machine
     * @param main its class
     */
    public static WorkerCommand ofMonitor(Path root, String labClock, Class<?> main) {
        return new WorkerCommand(
                root,
                labClock,
                main,
                List.of(
                        JAVA,
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "--enable-native-access=dev.lull.bindings,com.github.luben.zstd_jni",
                        "--add-opens=java.base/jdk.internal.misc=org.agrona",
                        "--add-exports=java.base/sun.nio.ch=dev.lull.bindings",
                        "-Dlull.core.library=" + System.getProperty("lull.core.library", "")),
                true);
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
            } else if (polls) {
                // While the lab's CPU halted, its time would pass as this machine's does (its README, Idle time).
                command.add("--poll");
            }
            command.add("--");
        }
        command.addAll(java);
        command.addAll(List.of(
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-p",
                System.getProperty("jdk.module.path", ""),
                "-m",
                "dev.lull.perf/" + main.getName()));
        command.addAll(arguments);
        return command;
    }
}
