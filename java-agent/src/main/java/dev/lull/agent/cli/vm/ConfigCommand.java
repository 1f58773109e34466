package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lull vm config}. */
@Command(
        name = "config",
        header = "Print a machine's configuration, in Firecracker's form.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm config web1 > web.json && lull vm create web2 --config web.json",
            "      Another like it; give it disks of its own first."
        })
final class ConfigCommand extends OnMachine {
    @Mixin
    private JsonOption json = new JsonOption();

    ConfigCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void act(HostClient client, String id) {
        byte[] answer = client.get(HostClient.vmPath(id) + "/vm/config");
        json.print(stdio(), answer, () -> JsonText.indented(answer));
    }
}
