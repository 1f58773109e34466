package dev.lull.agent.cli;

import dev.lull.agent.cli.idle.IdleCommand;
import dev.lull.agent.cli.top.TopCommand;
import dev.lull.agent.cli.vm.EventsCommand;
import dev.lull.agent.cli.vm.VmCommand;
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
        CommandLine root = of(stdio, arguments);
        LullCommand lull = root.getCommand();
        root.setExecutionExceptionHandler((fault, command, parsed) -> Failure.report(fault, stdio, lull.debug()));
        root.setParameterExceptionHandler((fault, given) -> usage(fault, stdio));
        return root.execute(arguments);
    }

    /** The commands, ready to parse. */
    static CommandLine of(Stdio stdio) {
        return of(stdio, new String[0]);
    }

    /**
     * The commands that may be needed for {@code arguments}: where they begin with the name of one that concerns no other,
     * that alone. To read the annotations of all takes picocli longer than everything else that a request to lulld needs.
     */
    private static CommandLine of(Stdio stdio, String... arguments) {
        CommandLine root = new CommandLine(new LullCommand());
        String first = arguments.length > 0 ? arguments[0] : "";
        String second = arguments.length > 1 ? arguments[1] : "";
        switch (first) {
            case "vm" -> root.addSubcommand(VmCommand.tree(stdio, second));
            case "events" -> root.addSubcommand(new EventsCommand(stdio));
            case "idle" -> root.addSubcommand(IdleCommand.tree(stdio));
            case "top" -> root.addSubcommand(new TopCommand(stdio));
            default -> addAll(root, stdio);
        }
        addHelp(root);
        if (root.getSubcommands().size() > 1) {
            root.addSubcommand(new HelpCommand());
        }
        PrintWriter out = new PrintWriter(new OutputStreamWriter(stdio.out(), StandardCharsets.UTF_8), true);
        root.setOut(out);
        root.setErr(new PrintWriter(new OutputStreamWriter(stdio.err(), StandardCharsets.UTF_8), true));
        root.setExpandAtFiles(false);
        root.setCaseInsensitiveEnumValuesAllowed(true);
        root.setUsageHelpWidth(HELP_COLUMNS);
        root.setColorScheme(CommandLine.Help.defaultColorScheme(stdio.showsColour() ? Ansi.ON : Ansi.OFF));
        return root;
    }

    private static void addAll(CommandLine root, Stdio stdio) {
        root.addSubcommand(new RunCommand(stdio));
        root.addSubcommand(new FirecrackerCommand(stdio));
        root.addSubcommand(new CheckCommand(stdio));
        root.addSubcommand(new DemoCommand(stdio));
        root.addSubcommand(VmCommand.tree(stdio, ""));
        root.addSubcommand(new EventsCommand(stdio));
        root.addSubcommand(new TopCommand(stdio));
        root.addSubcommand(IdleCommand.tree(stdio));
        root.addSubcommand(new CompletionCommand(stdio));
        root.addSubcommand(new ManCommand(stdio));
    }

    private static void addHelp(CommandLine command) {
        command.addMixin("help", new HelpOption());
        command.getSubcommands().values().forEach(CommandTree::addHelp);
    }

    private static int usage(ParameterException fault, Stdio stdio) {
        CommandLine command = fault.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        String message = OneLine.of(String.valueOf(fault.getMessage()));
        stdio.err().println(name + ": " + message + ". Try: " + name + " --help");
        return ExitStatus.USAGE;
    }
}
