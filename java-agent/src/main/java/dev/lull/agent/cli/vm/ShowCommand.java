package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.VmInfo;
import java.time.Instant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lull vm show}. */
@Command(
        name = "show",
        header = "Show what is known of a machine.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm show web1",
            "      Its state and size, its devices, its sockets, and how it last ended.",
            "  lull vm show --json web1 | jq -r .api_socket",
            "      Where it speaks Firecracker's API."
        })
final class ShowCommand extends OnMachine {
    @Mixin
    private JsonOption json = new JsonOption();

    ShowCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void act(HostClient client, String id) {
        byte[] answer = client.get(HostClient.vmPath(id));
        json.print(stdio(), answer, () -> VmText.sheet(VmInfo.parse(answer), Instant.now()));
    }
}
