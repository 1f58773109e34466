package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.DeviceArguments;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lull vm attach-disk}. */
@Command(
        name = "attach-disk",
        header = "Give a machine another disk, while it runs too.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm attach-disk web1 --disk path=data.img",
            "      Its name is said: the first of disk0, disk1, ... that is free.",
            "  lull vm attach-disk web1 --disk path=/dev/vg/backup,id=backup,readonly",
            "      To be taken away with: lull vm detach web1 backup"
        })
final class AttachDiskCommand extends AttachCommand {
    @Option(
            names = "--disk",
            required = true,
            paramLabel = "path=FILE[,...]",
            description =
                    "A raw image or block device; after it, each behind a comma, readonly, id=NAME, rate=SIZE, ops=N, "
                            + "burst=SIZE; see: lull run --help")
    private String disk = "";

    AttachDiskCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void act(HostClient client, String id) {
        attach(client, id, "drives", "disk", free -> DeviceJson.drive(DeviceArguments.disk(disk, free)));
    }
}
