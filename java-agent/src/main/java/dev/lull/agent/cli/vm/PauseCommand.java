package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import java.util.Map;
import picocli.CommandLine.Command;

/** {@code lull vm pause}. */
@Command(
        name = "pause",
        header = "Stop machines' processors for a while.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {"  lull vm pause web1", "      Its memory stays as it is until: lull vm resume web1"})
final class PauseCommand extends StateChange {
    PauseCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void change(HostClient client, String id) {
        client.patch(HostClient.vmPath(id) + "/vm", Map.of("state", "Paused"));
    }
}
