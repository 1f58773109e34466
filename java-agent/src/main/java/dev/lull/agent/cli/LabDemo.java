package dev.lull.agent.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code lull demo} run again inside the lab, where KVM runs stock kernels. */
final class LabDemo {
    /** The system properties by which the launcher of a checkout names itself and the checkout. */
    private static final String LAUNCHER_PROPERTY = "lull.launcher";

    private static final String ROOT_PROPERTY = "lull.root";
    private static final long PATIENCE_SECONDS = 5;

    private final Stdio stdio;
    private final List<String> command;

    private LabDemo(Stdio stdio, List<String> command) {
        this.stdio = stdio;
        this.command = command;
    }

    /**
     * The lab of the checkout whose launcher started this process.
     *
     * @param payloads where unpacked kernels are kept; what the lab adds stays
     */
    static LabDemo inCheckout(Stdio stdio, Path payloads) {
        String launcher = System.getProperty(LAUNCHER_PROPERTY);
        String root = System.getProperty(ROOT_PROPERTY);
        Path lab = root == null ? null : Path.of(root, "perf", "lab", "lab");
        if (launcher == null || lab == null || !Files.isExecutable(lab)) {
            throw new CommandException(
                    "this host's KVM runs no stock kernel, and the lab, which does, comes with a checkout of Lull; "
                            + "in one, run: ./lull demo");
        }
        return new LabDemo(
                stdio, List.of(lab.toString(), "run", "--share", payloads.toString(), "--", launcher, "demo"));
    }

    /**
     * Runs the demo there.
     *
     * @param why what keeps it from running here
     * @return its exit status
     */
    int run(String why) throws IOException, InterruptedException {
        stdio.print("KVM on this host is " + why + ": the demo runs in the lab, an emulated machine.");
        stdio.print("Starting the lab; it takes about 4 seconds ...");
        Process process = new ProcessBuilder(command).inheritIO().start();
        Thread onSignal = new Thread(() -> end(process), "lull-lab");
        Runtime.getRuntime().addShutdownHook(onSignal);
        int status = process.waitFor();
        try {
            Runtime.getRuntime().removeShutdownHook(onSignal);
        } catch (IllegalStateException e) {
            // It has run: a signal ends this process too.
        }
        return status;
    }

    private static void end(Process process) {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
        }
    }
}
