package dev.lull.agent.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lull man}: a command's manual page, made from the same words as its {@code --help}. */
@Command(
        name = "man",
        header = "Print a manual page, for man(1).",
        optionListHeading = "%nOptions:%n",
        parameterListHeading = "%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull man run | man -l -",
            "      Read it.",
            "  lull man vm create | man -l -",
            "      A command's command has one too.",
            "  lull man > /usr/local/share/man/man1/lull.1",
            "      Keep it."
        })
final class ManCommand implements Runnable {
    @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "Which command's; lull's own unless given.")
    private List<String> path = new ArrayList<>();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final Stdio stdio;

    ManCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public void run() {
        CommandSpec shown = spec.root();
        for (String command : path) {
            CommandLine found = shown.subcommands().get(command);
            if (found == null) {
                throw new ParameterException(
                        spec.commandLine(),
                        "No command '" + command + "'; there are "
                                + String.join(", ", shown.subcommands().keySet()));
            }
            shown = found.getCommandSpec();
        }
        stdio.print(ManPage.of(shown));
    }
}
