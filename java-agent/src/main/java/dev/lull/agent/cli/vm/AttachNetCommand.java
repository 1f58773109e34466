package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.DeviceArguments;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lull vm attach-net}. */
@Command(
        name = "attach-net",
        header = "Give a machine another network device, while it runs too.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ip tuntap add tap7 mode tap && lull vm attach-net web1 --net tap=tap7",
            "      Its name is said: the first of net0, net1, ... that is free."
        })
final class AttachNetCommand extends AttachCommand {
    @Option(
            names = "--net",
            required = true,
            paramLabel = "tap=NAME[,...]",
            description =
                    "The host's TAP device; after it, each behind a comma, mac=ADDRESS, id=NAME, rate=SIZE, ops=N, "
                            + "burst=SIZE; see: lull run --help")
    private String net = "";

    AttachNetCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void act(HostClient client, String id) {
        attach(
                client,
                id,
                "network-interfaces",
                "net",
                free -> DeviceJson.networkInterface(DeviceArguments.network(net, free)));
    }
}
