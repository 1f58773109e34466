package dev.lull.agent.cli;

import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ParameterException;

/** All of {@code lull}'s commands, as picocli parses, explains and runs them. */
final class CommandTree {
    private static final int HELP_COLUMNS = 110;

    private CommandTree() {}

    /** Runs what {@code arguments} ask for. */
    static int execute(Stdio stdio, String... arguments) {
        CommandLine root = of(stdio);
        LullCommand lull = root.getCommand();
        root.setExecutionExceptionHandler((fault, command, parsed) -> Failure.report(fault, stdio, lull.debug()));
        root.setParameterExceptionHandler((fault, given) -> usage(fault, stdio));
        return root.execute(arguments);
    }

    /** The commands, ready to parse. */
    static CommandLine of(Stdio stdio) {
        CommandLine root = new CommandLine(new LullCommand());
        root.addSubcommand(new RunCommand(stdio));
        root.addSubcommand(new CheckCommand(stdio));
        root.addSubcommand(new DemoCommand(stdio));
        root.addSubcommand(new CompletionCommand(stdio));
        root.addSubcommand(new ManCommand(stdio));
        root.addMixin("help", new HelpOption());
        for (CommandLine command : root.getSubcommands().values()) {
            command.addMixin("help", new HelpOption());
        }
        root.addSubcommand(new HelpCommand());
        PrintWriter out = new PrintWriter(new OutputStreamWriter(stdio.out(), StandardCharsets.UTF_8), true);
        root.setOut(out);
        root.setErr(new PrintWriter(new OutputStreamWriter(stdio.err(), StandardCharsets.UTF_8), true));
        root.setExpandAtFiles(false);
        root.setUsageHelpWidth(HELP_COLUMNS);
        root.setColorScheme(CommandLine.Help.defaultColorScheme(stdio.showsColour() ? Ansi.ON : Ansi.OFF));
        return root;
    }

    private static int usage(ParameterException fault, Stdio stdio) {
        CommandLine command = fault.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        String message = OneLine.of(String.valueOf(fault.getMessage()));
        stdio.err().println(name + ": " + message + ". Try: " + name + " --help");
        return ExitStatus.USAGE;
    }
}
