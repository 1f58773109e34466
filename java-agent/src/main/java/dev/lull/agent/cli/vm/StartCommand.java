package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import java.util.Map;
import picocli.CommandLine.Command;

/** {@code lull vm start}. */
@Command(
        name = "start",
        header = "Start machines.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {"  lull vm start web1 web2", "      Power both on; one that ended may be started again."})
final class StartCommand extends StateChange {
    StartCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void change(HostClient client, String id) {
        client.put(HostClient.vmPath(id) + "/actions", Map.of("action_type", "InstanceStart"));
    }
}
