package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonFormatException;
import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The document that holds all of a machine's configuration: what {@code --config-file} is given and {@code GET /vm/config}
 * answers.
 */
public final class VmDocument {
    private static final List<String> UNSUPPORTED = List.of("cpu-config", "memory-hotplug");

    private VmDocument() {}

    /**
     * The commands that configure a machine as the document says.
     *
     * @throws RefusalException if it is none
     */
    public static List<Command> parse(byte[] text) {
        try {
            return commands(JsonObject.parse(text));
        } catch (JsonFormatException e) {
            throw new RefusalException("The configuration is not valid: " + e.getMessage() + ".");
        }
    }

    private static List<Command> commands(JsonObject document) {
        List<Command> commands = new ArrayList<>();
        add(commands, document, "logger", body -> new Command.SetLogger(Logger.of(body)));
        add(commands, document, "metrics", body -> new Command.SetMetrics(Metrics.of(body)));
        add(commands, document, "machine-config", body -> new Command.SetMachine(MachineSettings.full(body)));
        add(commands, document, "boot-source", body -> new Command.SetBootSource(BootSource.of(body)));
        for (JsonObject body : document.objects("drives")) {
            Drive drive = Drive.of(body);
            checkId("drive_id", drive.driveId());
            commands.add(new Command.PutDrive(drive));
        }
        for (JsonObject body : document.objects("network-interfaces")) {
            NetworkInterface net = NetworkInterface.of(body);
            checkId("iface_id", net.ifaceId());
            commands.add(new Command.PutNetworkInterface(net));
        }
        add(commands, document, "vsock", body -> new Command.SetVsock(Vsock.of(body)));
        add(commands, document, "balloon", body -> new Command.SetBalloon(Balloon.of(body)));
        add(commands, document, "entropy", body -> new Command.SetEntropy(Entropy.of(body)));
        add(commands, document, "serial", body -> new Command.SetSerial(Serial.of(body)));
        add(commands, document, "mmds-config", body -> new Command.SetMmdsSettings(MmdsSettings.of(body)));
        if (!document.objects("pmem").isEmpty()) {
            commands.add(new Command.Unsupported("persistent memory", Command.Phase.BEFORE_START));
        }
        for (String name : UNSUPPORTED) {
            if (document.isSet(name)) {
                commands.add(new Command.Unsupported(name, Command.Phase.BEFORE_START));
            }
        }
        document.end();
        return commands;
    }

    /** The document of a machine. */
    public static Map<String, @Nullable Object> of(
            @Nullable BootSource source,
            MachineSettings machine,
            List<Drive> drives,
            List<NetworkInterface> networkInterfaces,
            Rest rest) {
        return new JsonMembers()
                .withNullable("balloon", rest.balloon == null ? null : rest.balloon.toJson())
                .with("drives", drives.stream().map(Drive::toJson).toList())
                .withNullable("boot-source", source == null ? null : source.toJson())
                .withNullable("cpu-config", null)
                .withNullable("logger", rest.logger == null ? null : rest.logger.toJson())
                .with("machine-config", machine.toJson())
                .withNullable("memory-hotplug", null)
                .withNullable("metrics", rest.metrics == null ? null : rest.metrics.toJson())
                .withNullable("mmds-config", rest.mmds == null ? null : rest.mmds.toJson())
                .with(
                        "network-interfaces",
                        networkInterfaces.stream().map(NetworkInterface::toJson).toList())
                .with("pmem", List.of())
                .withNullable("vsock", rest.vsock == null ? null : rest.vsock.toJson())
                .withNullable("entropy", rest.entropy == null ? null : rest.entropy.toJson())
                .with("serial", rest.serial == null ? null : rest.serial.toJson())
                .toMap();
    }

    /** What a machine may have at most once. */
    public record Rest(
            @Nullable Vsock vsock,
            @Nullable Balloon balloon,
            @Nullable Entropy entropy,
            @Nullable Serial serial,
            @Nullable Logger logger,
            @Nullable Metrics metrics,
            @Nullable MmdsSettings mmds) {}

    private interface Reader {
        Command read(JsonObject body);
    }

    private static void add(List<Command> commands, JsonObject document, String name, Reader reader) {
        JsonObject body = document.optionalObject(name);
        if (body != null) {
            commands.add(reader.read(body));
        }
    }

    private static void checkId(String name, String id) {
        if (!Route.isId(id)) {
            throw new JsonFormatException(
                    name + " '" + id + "': only alphanumeric characters and underscores, at least one");
        }
    }
}
