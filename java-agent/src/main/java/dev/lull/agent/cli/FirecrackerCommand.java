package dev.lull.agent.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lull firecracker}: one machine behind Firecracker's command line and API. */
@Command(
        name = "firecracker",
        header = "One virtual machine behind Firecracker's command line and API.",
        description = {
            "Does what the firecracker binary does, for programs that start it themselves: serves the machine's API on a "
                    + "Unix socket, or starts it as a file says. The guest's serial console is this process's standard "
                    + "input and output. Ends with the guest.",
            "Which requests are understood: docs/firecracker-compatibility.md."
        },
        optionListHeading = "%nOptions:%n",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:The guest turned itself off or reset.",
            "1:The guest or the host failed.",
            "2:Wrong usage, or a configuration that cannot be."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull firecracker --api-sock /tmp/vm.sock --id vm1",
            "      Then: curl --unix-socket /tmp/vm.sock -X PUT http://localhost/boot-source -d ...",
            "  lull firecracker --no-api --config-file vm.json",
            "      The same file that Firecracker takes."
        })
final class FirecrackerCommand implements Callable<Integer> {
    @Option(
            names = "--api-sock",
            paramLabel = "PATH",
            defaultValue = "/run/firecracker.socket",
            description = "The API's socket (${DEFAULT-VALUE}).")
    private Path apiSocket = Path.of("");

    @Option(
            names = "--id",
            paramLabel = "ID",
            defaultValue = "anonymous-instance",
            description = "The machine's name: letters, digits and '-', at most 64 (${DEFAULT-VALUE}).")
    private String id = "";

    @Option(
            names = "--config-file",
            paramLabel = "FILE",
            description = "Configures the machine as this JSON says and starts it.")
    private @Nullable Path configFile;

    @Option(names = "--no-api", description = "Serves no API; needs --config-file.")
    private boolean noApi;

    @Option(
            names = "--metadata",
            paramLabel = "FILE",
            description = "What the metadata service holds at first, as JSON.")
    private @Nullable Path metadata;

    @Option(
            names = "--mmds-size-limit",
            paramLabel = "BYTES",
            description = "The most the metadata service holds (that of --http-api-max-payload-size).")
    private @Nullable Integer mmdsLimitBytes;

    @Option(
            names = "--http-api-max-payload-size",
            paramLabel = "BYTES",
            defaultValue = "51200",
            description = "The longest body of a request (${DEFAULT-VALUE}).")
    private int maxBodyBytes;

    @Option(names = "--log-path", paramLabel = "FILE", description = "A file or named pipe for the log.")
    private @Nullable Path logPath;

    @Option(names = "--level", paramLabel = "LEVEL", description = "Off, Error, Warning, Info, Debug or Trace (Info).")
    private @Nullable String level;

    @Option(names = "--module", paramLabel = "NAME", description = "Logs only what comes from there.")
    private @Nullable String module;

    @Option(names = "--show-level", description = "Each line of the log has its level.")
    private boolean showLevel;

    @Option(names = "--show-log-origin", description = "Each line of the log has its origin.")
    private boolean showLogOrigin;

    @Option(names = "--metrics-path", paramLabel = "FILE", description = "A file or named pipe for metrics.")
    private @Nullable Path metricsPath;

    @Option(names = "--boot-timer", description = "Logs how long the guest takes to its first process.")
    private boolean bootTimer;

    @Option(
            names = {"--no-seccomp", "--enable-pci"},
            description = "Taken and without effect: there is no filter, and devices always are on PCI.")
    @SuppressWarnings("UnusedVariable")
    private boolean ignored;

    @Option(
            names = {"--seccomp-filter", "--start-time-us", "--start-time-cpu-us", "--parent-cpu-time-us"},
            paramLabel = "VALUE",
            description = "Taken and without effect: they are for Firecracker's jailer.")
    @SuppressWarnings("UnusedVariable")
    private @Nullable String jailed;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final Stdio stdio;

    FirecrackerCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public Integer call() throws Exception {
        if (noApi && configFile == null) {
            throw new ParameterException(spec.commandLine(), "--no-api needs --config-file");
        }
        if (!id.matches("[A-Za-z0-9-]{1,64}")) {
            throw new ParameterException(
                    spec.commandLine(), "--id " + id + ": letters, digits and '-', 1 to 64 of them");
        }
        FirecrackerSession.Options options = new FirecrackerSession.Options(
                id,
                noApi ? null : apiSocket,
                configFile,
                metadata,
                maxBodyBytes,
                mmdsLimitBytes == null ? maxBodyBytes : mmdsLimitBytes,
                new FirecrackerSession.Log(logPath, level, module, showLevel, showLogOrigin),
                metricsPath,
                bootTimer);
        return new FirecrackerSession(options, stdio).run();
    }
}
