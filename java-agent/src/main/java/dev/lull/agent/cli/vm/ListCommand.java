package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.ExitStatus;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.VmInfo;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lull vm list}. */
@Command(
        name = "list",
        header = "List the machines.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm list",
            "      A line a machine.",
            "  lull vm list --json | jq -r '.vms[] | select(.state == \"Running\") | .id'",
            "      For scripts."
        })
final class ListCommand implements Callable<Integer> {
    @Mixin
    private HostOptions host = new HostOptions();

    @Mixin
    private JsonOption json = new JsonOption();

    private final Stdio stdio;

    ListCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public Integer call() {
        byte[] answer = host.client().get("/vms");
        json.print(stdio, answer, () -> VmText.table(VmInfo.parseAll(answer), Instant.now()));
        return ExitStatus.OK;
    }
}
