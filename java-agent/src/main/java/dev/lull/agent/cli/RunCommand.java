package dev.lull.agent.cli;

import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.MachineEnd;
import dev.lull.linux.Terminal;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code lull run}: one machine in the foreground, its console on this terminal. */
@Command(
        name = "run",
        description = "Boot a Linux kernel with its console on this terminal.",
        mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
    @Option(names = "--kernel", required = true, paramLabel = "FILE", description = "Linux bzImage or ELF vmlinux.")
    private Path kernel = Path.of("");

    @Option(names = "--initrd", paramLabel = "FILE", description = "Initial RAM disk.")
    private @Nullable Path initrd;

    @Option(
            names = "--cmdline",
            paramLabel = "STRING",
            defaultValue = "console=ttyS0",
            description = "Kernel command line.")
    private String commandLine = "";

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            defaultValue = "256M",
            converter = ByteSize.class,
            description = "Guest memory, with K, M, G or T.")
    private long memoryBytes;

    @Option(names = "--cpus", paramLabel = "N", defaultValue = "1", description = "vCPUs, 1 to 32.")
    private int cpus;

    @Override
    public Integer call() throws Exception {
        try (ConsoleOutput output = new ConsoleOutput(new FileOutputStream(FileDescriptor.out))) {
            MachineConfig.Builder builder = MachineConfig.kernel(kernel)
                    .commandLine(commandLine)
                    .memoryBytes(memoryBytes)
                    .vcpus(cpus)
                    .consoleOutput(output);
            if (initrd != null) {
                builder.initrd(initrd);
            }
            return run(builder.build());
        }
    }

    private static int run(MachineConfig config) throws InterruptedException {
        try (Machine machine = Machine.create(config);
                Terminal terminal = Terminal.raw(0)) {
            new ConsoleInput(new FileInputStream(FileDescriptor.in), machine.console(), terminal != null, machine::stop)
                    .start();
            machine.start();
            MachineEnd end = machine.awaitEnd();
            if (end.isOrderly()) {
                return ExitCode.OK;
            }
            System.err.println("lull: " + end.message());
            System.err.println(end.details());
            return ExitCode.SOFTWARE;
        }
    }
}
