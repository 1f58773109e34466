package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import java.util.Map;
import picocli.CommandLine.Command;

/** {@code lull vm resume}. */
@Command(
        name = "resume",
        header = "Let paused machines go on.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {"  lull vm resume web1", "      It goes on where it was paused."})
final class ResumeCommand extends StateChange {
    ResumeCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void change(HostClient client, String id) {
        client.patch(HostClient.vmPath(id) + "/vm", Map.of("state", "Resumed"));
    }
}
