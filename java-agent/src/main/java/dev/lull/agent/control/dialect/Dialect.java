package dev.lull.agent.control.dialect;

import dev.lull.agent.control.dialect.Command.Describe;
import dev.lull.agent.control.dialect.Command.Phase;
import dev.lull.agent.control.dialect.Command.Subject;
import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonFormatException;
import dev.lull.agent.json.JsonObject;
import dev.lull.agent.machine.ScaledCounterConfig;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Understands requests as Firecracker v1.17 does: paths, methods, bodies, and the words in which it refuses them. Whether
 * the machine is in the phase for it, and can do it, is not decided here.
 */
public final class Dialect {
    private static final List<String> ACTIONS = List.of("InstanceStart", "SendCtrlAltDel", "FlushMetrics");
    private static final List<String> VM_STATES = List.of("Paused", "Resumed");

    private final String method;
    private final byte[] body;
    private final Route route;
    private @Nullable String deprecation;

    private Dialect(String method, String path, byte[] body) {
        this.method = method;
        this.body = body;
        this.route = new Route(path);
    }

    /**
     * A request understood.
     *
     * @param deprecation a line about what it uses that will go, which its answer marks; null if it uses nothing such
     */
    public record Parsed(Command command, @Nullable String deprecation) {}

    /**
     * Understands a request.
     *
     * @param path without a query
     * @param body empty if there is none
     * @throws RefusalException if it is none of the dialect
     */
    public static Parsed parse(String method, String path, byte[] body) {
        Dialect request = new Dialect(method, path, body);
        try {
            Command command = request.command();
            return new Parsed(command, request.deprecation);
        } catch (JsonFormatException e) {
            throw new RefusalException(
                    "An error occurred when deserializing the json body of a request: " + e.getMessage() + ".");
        }
    }

    private Command command() {
        String first = Objects.requireNonNullElse(route.next(), "");
        Command command = switch (method) {
            case "GET" -> get(first);
            case "PUT" -> put(first);
            case "PATCH" -> patch(first);
            case "DELETE" -> delete(first);
            default -> null;
        };
        if (command == null) {
            throw invalid(method, first);
        }
        return command;
    }

    private @Nullable Command get(String first) {
        if (body.length > 0) {
            throw new RefusalException("GET request cannot have a body.");
        }
        return switch (first) {
            case "" -> new Describe(Subject.INSTANCE);
            case "version" -> new Describe(Subject.VERSION);
            case "vm" -> "config".equals(route.next()) ? new Describe(Subject.CONFIGURATION) : null;
            case "machine-config" -> new Describe(Subject.MACHINE);
            case "mmds" -> new Describe(Subject.MMDS);
            case "balloon" -> getBalloon();
            case "hotplug" -> memoryHotplug(Phase.AFTER_START);
            case "idle" -> route.next() == null ? new Describe(Subject.IDLE) : null;
            case "counter" -> route.next() == null ? new Describe(Subject.COUNTER) : null;
            default -> null;
        };
    }

    private Command getBalloon() {
        String second = route.next();
        return switch (second) {
            case null -> new Describe(Subject.BALLOON);
            case "statistics" -> new Describe(Subject.BALLOON_STATISTICS);
            case "hinting" -> hintingStatus();
            default -> throw new RefusalException("Unrecognized GET request path `" + second + "`.");
        };
    }

    private @Nullable Command put(String first) {
        if (body.length == 0) {
            throw new RefusalException("Empty PUT request.");
        }
        return switch (first) {
            case "actions" -> action();
            case "balloon" -> new Command.SetBalloon(read(Balloon::of));
            case "boot-source" -> new Command.SetBootSource(read(BootSource::of));
            case "cpu-config" -> unsupported("CPU templates", Phase.BEFORE_START);
            case "drives" -> drive();
            case "pmem" -> pmem(Phase.ANY);
            case "logger" -> new Command.SetLogger(read(Logger::of));
            case "serial" -> new Command.SetSerial(read(Serial::of));
            case "machine-config" -> machine(read(MachineSettings::full));
            case "metrics" -> new Command.SetMetrics(read(Metrics::of));
            case "mmds" -> putMmds();
            case "network-interfaces" -> networkInterface();
            case "snapshot" -> snapshot();
            case "vsock" -> vsock();
            case "entropy" -> new Command.SetEntropy(read(Entropy::of));
            case "hotplug" -> memoryHotplug(Phase.BEFORE_START);
            case "idle" -> "tasks".equals(route.next()) ? new Command.StartIdleTask(read(IdleTask::of)) : null;
            default -> null;
        };
    }

    private @Nullable Command patch(String first) {
        if (first.equals("balloon")) {
            return patchBalloon();
        }
        if (body.length == 0) {
            throw new RefusalException("Empty PATCH request.");
        }
        return switch (first) {
            case "drives" -> updateDrive();
            case "machine-config" -> updateMachine();
            case "mmds" -> new Command.PatchMmds(Json.parse(body));
            case "network-interfaces" -> updateNetworkInterface();
            case "pmem" -> pmem(Phase.AFTER_START);
            case "vm" -> vmState();
            case "hotplug" -> memoryHotplug(Phase.AFTER_START);
            case "counter" -> route.next() == null ? new Command.Dilate(read(Dialect::dilation)) : null;
            default -> null;
        };
    }

    private static double dilation(JsonObject body) {
        double dilation = body.number("dilation", ScaledCounterConfig.MIN_DILATION, ScaledCounterConfig.MAX_DILATION);
        body.end();
        return dilation;
    }

    private Command patchBalloon() {
        String second = route.next();
        if ("hinting".equals(second)) {
            return hinting();
        }
        if (body.length == 0) {
            throw new RefusalException("Empty PATCH request.");
        }
        return "statistics".equals(second)
                ? new Command.UpdateBalloonStatistics(read(Balloon::intervalSeconds))
                : new Command.UpdateBalloon(read(Balloon::amountMib));
    }

    private @Nullable Command delete(String first) {
        if (body.length > 0) {
            throw new RefusalException("Empty Delete request.");
        }
        return switch (first) {
            case "drives" -> new Command.RemoveDrive(route.id());
            case "network-interfaces" -> new Command.RemoveNetworkInterface(route.id());
            case "pmem" -> pmem(Phase.AFTER_START);
            case "idle" -> "tasks".equals(route.next()) ? new Command.StopIdleTask(idleTaskId(route.id())) : null;
            default -> null;
        };
    }

    private static int idleTaskId(String id) {
        if (!id.matches("[0-9]{1,5}")) {
            throw new RefusalException("The ID of an idle task is a number; GET /idle has them.");
        }
        return Integer.parseInt(id);
    }

    private Command action() {
        return switch (choice("action_type", ACTIONS)) {
            case "InstanceStart" -> new Command.Start();
            case "FlushMetrics" -> new Command.FlushMetrics();
            default -> new Command.SendCtrlAltDel();
        };
    }

    private Command vmState() {
        return choice("state", VM_STATES).equals("Paused") ? new Command.Pause() : new Command.Resume();
    }

    private Command drive() {
        String id = route.id();
        Drive drive = read(Drive::of);
        sameId(id, drive.driveId());
        return new Command.PutDrive(drive);
    }

    private Command updateDrive() {
        String id = route.id();
        Drive.Update update = read(Drive.Update::of);
        sameId(id, update.driveId());
        return new Command.UpdateDrive(update);
    }

    private Command networkInterface() {
        String id = route.id();
        NetworkInterface net = read(NetworkInterface::of);
        sameNetworkId(id, net.ifaceId());
        return new Command.PutNetworkInterface(net);
    }

    private Command updateNetworkInterface() {
        String id = route.id();
        NetworkInterface.Update update = read(NetworkInterface.Update::of);
        sameNetworkId(id, update.ifaceId());
        return new Command.UpdateNetworkInterface(update);
    }

    private Command machine(MachineSettings.Update update) {
        if (update.cpuTemplate() != null) {
            deprecation = method + " /machine-config: cpu_template field is deprecated.";
        }
        return new Command.SetMachine(update);
    }

    private Command updateMachine() {
        MachineSettings.Update update = read(MachineSettings::partial);
        if (update.isEmpty()) {
            throw new RefusalException("Empty PATCH request.");
        }
        return machine(update);
    }

    private Command vsock() {
        Vsock vsock = read(Vsock::of);
        if (vsock.named()) {
            deprecation = "PUT /vsock: vsock_id field is deprecated.";
        }
        return new Command.SetVsock(vsock);
    }

    private Command putMmds() {
        String second = route.next();
        return switch (second) {
            case null -> new Command.PutMmds(Json.parse(body));
            case "config" -> {
                MmdsSettings settings = read(MmdsSettings::of);
                if (settings.version().equals("V1")) {
                    deprecation = "PUT /mmds/config: V1 is deprecated. Use V2 instead.";
                }
                yield new Command.SetMmdsSettings(settings);
            }
            default -> throw new RefusalException("Unrecognized PUT request path `" + second + "`.");
        };
    }

    private Command snapshot() {
        String second = route.next();
        return switch (second) {
            case null -> throw new RefusalException("Missing snapshot operation type.");
            case "create" -> unsupported("snapshots", Phase.AFTER_START);
            case "load" -> unsupported("snapshots", Phase.BEFORE_START);
            default -> throw invalid("PUT", "/snapshot/" + second);
        };
    }

    private Command pmem(Phase phase) {
        route.id();
        return unsupported("persistent memory", phase);
    }

    private @Nullable Command memoryHotplug(Phase phase) {
        return "memory".equals(route.next()) ? unsupported("hotplugged memory", phase) : null;
    }

    private Command hintingStatus() {
        String third = route.next();
        if (!"status".equals(third)) {
            throw unrecognizedHinting("GET", third);
        }
        return new Describe(Subject.BALLOON_HINTING);
    }

    private Command hinting() {
        String third = route.next();
        return switch (third) {
            case "start" -> new Command.StartHinting(body.length == 0 || read(Dialect::acknowledgeOnStop));
            case "stop" -> new Command.StopHinting();
            case null, default -> throw unrecognizedHinting("PATCH", third);
        };
    }

    private static boolean acknowledgeOnStop(JsonObject body) {
        // Firecracker passes over unknown fields here.
        return body.truth("acknowledge_on_stop", true);
    }

    private static RefusalException invalid(String method, String path) {
        return new RefusalException("Invalid request method and/or path: " + method + " " + path + ".");
    }

    private static RefusalException unrecognizedHinting(String verb, @Nullable String third) {
        return new RefusalException(
                "Unrecognized %s request path `/hinting/%s`.".formatted(verb, Objects.requireNonNullElse(third, "")));
    }

    /** What the dialect has and Lull has not; its body must be JSON all the same. */
    private Command unsupported(String what, Phase phase) {
        if (body.length > 0) {
            Json.parse(body);
        }
        return new Command.Unsupported(what, phase);
    }

    private String choice(String name, List<String> choices) {
        return read(object -> {
            String chosen = object.choice(name, choices);
            object.end();
            return chosen;
        });
    }

    private <T> T read(Function<JsonObject, T> reader) {
        return reader.apply(JsonObject.parse(body));
    }

    private static void sameId(String fromPath, String fromBody) {
        if (!fromPath.equals(fromBody)) {
            throw new RefusalException("The id from the path does not match the id from the body!");
        }
    }

    private static void sameNetworkId(String fromPath, String fromBody) {
        if (!fromPath.equals(fromBody)) {
            throw new RefusalException("The id from the path [%s] does not match the id from the body [%s]!"
                    .formatted(fromPath, fromBody));
        }
    }

    /** The request as a log shows it: its body too, but for metadata, which may be secret. */
    public static String describe(String method, String path, byte[] body) {
        return path.equals("/mmds") || body.length == 0
                ? "%s request on \"%s\"".formatted(title(method), path)
                : "%s request on \"%s\" with body \"%s\""
                        .formatted(title(method), path, new String(body, java.nio.charset.StandardCharsets.UTF_8));
    }

    private static String title(String method) {
        return method.isEmpty()
                ? method
                : method.charAt(0) + method.substring(1).toLowerCase(java.util.Locale.ROOT);
    }
}
