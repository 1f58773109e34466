package dev.lull.agent.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code lull} itself, the root of its commands. */
@Command(
        name = "lull",
        version = "lull 0.1.0",
        header = "Runs Linux virtual machines on KVM.",
        synopsisSubcommandLabel = "COMMAND",
        description = "Start with: lull demo",
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nCommands of a checkout (./lull), which also builds what has changed:%n",
        footer = {
            "  lab run -- COMMAND  Run COMMAND in the lab: an emulated machine with a KVM that runs stock kernels.",
            "  lab shell           A shell in the lab.",
            "  daemon              Run lulld, the service of many machines, until Ctrl-C; lull daemon --help.",
            "  package             Build the Debian package, with lulld as a service of systemd.",
            "  test [--soak]       Run every test of the project; --soak: the long versions.",
            "",
            "Exit status: 0 done; 1 the host, the guest or Lull failed; 2 wrong usage.",
            "lull COMMAND --help explains a command."
        })
final class LullCommand implements Runnable {
    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Show where in Lull an error arose, and which way into the guest is in use.")
    private boolean debug;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the version and exit.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean version;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** Whether the user wants to see where an error arose. */
    boolean debug() {
        return debug;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }
}
