package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.CounterOptions;
import dev.lull.agent.cli.DeviceOptions;
import dev.lull.agent.cli.GuestOptions;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.VmInfo;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code lull vm create}. */
@Command(
        name = "create",
        header = "Make a machine, from options like lull run's or from Firecracker's configuration file.",
        description = "Files are named as from where you are; lulld is told the whole path.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm create web1 --kernel vmlinuz --initrd initrd.img --memory 1G --cpus 2 --start",
            "      A machine that runs at once.",
            "  lull vm create db1 --kernel vmlinuz --initrd initrd.img --cmdline 'console=ttyS0 root=/dev/vda' \\",
            "          --disk path=db1.img --net tap=tap0,mac=02:00:00:00:00:01 --rng --balloon 0",
            "      One with a disk and a network, which waits for: lull vm start db1",
            "  lull vm create fc1 --config vm.json --start",
            "      What firecracker --config-file takes."
        })
final class CreateCommand extends OnMachine {
    @Option(
            names = "--kernel",
            paramLabel = "FILE",
            description = "Linux bzImage (a distribution's vmlinuz) or ELF vmlinux. This or --config is required.")
    private @Nullable Path kernel;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Everything, in the form of Firecracker's --config-file, JSON.")
    private @Nullable Path config;

    @Option(names = "--start", description = "Start it, too.")
    private boolean start;

    @Mixin
    private GuestOptions guest = new GuestOptions();

    @Mixin
    private CounterOptions counter = new CounterOptions();

    @Mixin
    private DeviceOptions devices = new DeviceOptions();

    @Mixin
    private JsonOption json = new JsonOption();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    CreateCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void act(HostClient client, String id) {
        byte[] answer = client.put(HostClient.vmPath(id) + (start ? "?start=true" : ""), body());
        json.print(stdio(), answer, () -> VmText.line(VmInfo.parse(answer)));
    }

    private @Nullable Object body() {
        if (config == null) {
            if (kernel == null) {
                throw new ParameterException(spec.commandLine(), "Give --kernel=FILE or --config=FILE");
            }
            try {
                return GuestConfig.of(kernel, guest, counter.nominalHz(spec), devices.configs(spec));
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
            }
        }
        if (kernel != null || !devices.isEmpty() || guestIsGiven()) {
            throw new ParameterException(spec.commandLine(), "With --config=FILE, all about the machine is in FILE");
        }
        return GuestConfig.read(config);
    }

    private boolean guestIsGiven() {
        ParseResult given = spec.commandLine().getParseResult();
        return given.hasMatchedOption("--initrd")
                || given.hasMatchedOption("--cmdline")
                || given.hasMatchedOption("--memory")
                || given.hasMatchedOption("--cpus")
                || given.hasMatchedOption("--hugepages")
                || given.hasMatchedOption("--pin")
                || given.hasMatchedOption("--counter");
    }
}
