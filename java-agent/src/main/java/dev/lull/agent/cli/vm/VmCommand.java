package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lull vm}, the group of commands about virtual machines of the host's service. */
@Command(
        name = "vm",
        header = "Make, run and look after the virtual machines of this host's lulld.",
        description = {
            "lulld runs many virtual machines and keeps them when you leave. Each has an id of your choice and is known "
                    + "from 'create' until 'rm', whether it runs or not.",
            "Whatever lulld can do is also to be had as HTTP over its socket, and each machine's own socket speaks "
                    + "Firecracker's API."
        },
        synopsisSubcommandLabel = "COMMAND",
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        exitCodeListHeading = "%nExit status of all:%n",
        exitCodeList = {"0:Done.", "1:lulld is not to be reached, or refused; a line says why.", "2:Wrong usage."},
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm create web1 --kernel vmlinuz --initrd initrd.img --memory 1G --cpus 2 --disk path=web1.img --start",
            "      Make a machine and start it.",
            "  lull vm list",
            "      What there is; 'lull top' shows what it does.",
            "  lull vm console web1",
            "      The machine's first serial port; Ctrl-a x leaves, and the machine goes on.",
            "  lull vm stop web1 && lull vm rm web1",
            "      Press its power button, and forget it."
        })
public final class VmCommand implements Runnable {
    private static final List<String> NAMES = List.of(
            "create",
            "start",
            "stop",
            "pause",
            "resume",
            "rm",
            "list",
            "show",
            "console",
            "attach-disk",
            "attach-net",
            "detach",
            "config",
            "histograms",
            "counter",
            "send-keys");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private VmCommand() {}

    /**
     * The group with its commands.
     *
     * @param only the name of the one that is needed; all are there if it is none
     */
    public static CommandLine tree(Stdio stdio, String only) {
        CommandLine group = new CommandLine(new VmCommand());
        for (String name : NAMES.contains(only) ? List.of(only) : NAMES) {
            group.addSubcommand(command(name, stdio));
        }
        return group;
    }

    private static Object command(String name, Stdio stdio) {
        return switch (name) {
            case "create" -> new CreateCommand(stdio);
            case "start" -> new StartCommand(stdio);
            case "stop" -> new StopCommand(stdio);
            case "pause" -> new PauseCommand(stdio);
            case "resume" -> new ResumeCommand(stdio);
            case "rm" -> new RemoveCommand(stdio);
            case "list" -> new ListCommand(stdio);
            case "show" -> new ShowCommand(stdio);
            case "console" -> new ConsoleCommand(stdio);
            case "attach-disk" -> new AttachDiskCommand(stdio);
            case "attach-net" -> new AttachNetCommand(stdio);
            case "detach" -> new DetachCommand(stdio);
            case "config" -> new ConfigCommand(stdio);
            case "histograms" -> new HistogramsCommand(stdio);
            case "counter" -> new CounterCommand(stdio);
            case "send-keys" -> new SendKeysCommand(stdio);
            default -> throw new IllegalArgumentException(name);
        };
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }
}
