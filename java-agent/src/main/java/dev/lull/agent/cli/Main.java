package dev.lull.agent.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Option;

/** The command {@code lull}. */
@Command(
        name = "lull",
        version = "lull 0.1.0",
        description = "Runs Linux virtual machines on KVM.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {RunCommand.class, HelpCommand.class})
public final class Main implements Runnable {
    @Option(
            names = "--debug",
            scope = CommandLine.ScopeType.INHERIT,
            description = "Show where in Lull an error arose.")
    boolean debug;

    /** Runs the command and exits with its status. */
    public static void main(String[] arguments) {
        System.exit(execute(arguments));
    }

    /** Runs the command. */
    static int execute(String... arguments) {
        Main main = new Main();
        CommandLine commandLine = new CommandLine(main);
        commandLine.setExecutionExceptionHandler(new OneLineErrors(main));
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        return commandLine.execute(arguments);
    }

    @Override
    public void run() {
        CommandLine.usage(this, System.out);
    }
}
