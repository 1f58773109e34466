package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.CommandException;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.VmInfo;
import java.time.Duration;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lull vm detach}. */
@Command(
        name = "detach",
        header = "Take a disk or network device from a machine that runs.",
        description = "The guest is asked to let go of it; if it does not, the device stays.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {"  lull vm detach web1 disk1", "      'lull vm show web1' names its devices."})
final class DetachCommand extends OnMachine {
    /** A guest may take its time. */
    private static final Duration GRACE = Duration.ofMinutes(1);

    @Parameters(index = "1", paramLabel = "DEVICE", description = "Which device, by its id.")
    private String device = "";

    @Mixin
    private JsonOption json = new JsonOption();

    DetachCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void act(HostClient client, String id) {
        client.delete(HostClient.vmPath(id) + "/" + kinds(client.vm(id)) + "/" + HostClient.encoded(device), GRACE);
        byte[] answer = client.get(HostClient.vmPath(id));
        json.print(stdio(), answer, () -> id + ": detached " + device);
    }

    private String kinds(VmInfo vm) {
        String kind = vm.devices().stream()
                .filter(other -> other.id().equals(device))
                .map(VmInfo.Device::kind)
                .findAny()
                .orElseThrow(() -> new CommandException(vm.id() + " has no device " + device + "; it has "
                        + vm.devices().stream().map(VmInfo.Device::id).collect(Collectors.joining(", "))));
        return switch (kind) {
            case VmInfo.Device.DRIVE -> "drives";
            case VmInfo.Device.NETWORK_INTERFACE -> "network-interfaces";
            default ->
                throw new CommandException(device + " is a " + kind + "; disks and network devices can be detached");
        };
    }
}
