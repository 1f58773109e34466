package dev.lull.agent.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code lull completion}: a script that teaches a shell lull's commands and options. */
@Command(
        name = "completion",
        header = "Print a completion script for bash or zsh.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  source <(lull completion)",
            "      For this shell.",
            "  lull completion > ~/.local/share/bash-completion/completions/lull",
            "      For every bash to come."
        })
final class CompletionCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final Stdio stdio;

    CompletionCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public void run() {
        stdio.print(AutoComplete.bash("lull", spec.root().commandLine()).stripTrailing());
    }
}
