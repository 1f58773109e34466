package dev.lull.agent.control.daemon;

import dev.lull.agent.control.dialect.Command;
import dev.lull.agent.control.http.HttpLimits;
import dev.lull.agent.control.http.HttpServer;
import dev.lull.agent.control.vm.DialectHandler;
import dev.lull.agent.control.vm.IdleJson;
import dev.lull.agent.control.vm.MicroVm;
import dev.lull.agent.control.vm.VmEnding;
import dev.lull.agent.control.vm.VmIdle;
import dev.lull.agent.control.vm.VmObserver;
import dev.lull.agent.control.vm.VmSite;
import dev.lull.agent.control.vm.VmState;
import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.machine.MachineEnd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A virtual machine of the daemon: itself, its directory, its sockets. */
final class HostedVm implements AutoCloseable, VmObserver {
    private static final int SOCKET_MODE = 0660;

    private final VmDirectory directory;
    private final Events events;
    private final ConsoleServer console;
    private final MicroVm vm;
    private final DialectHandler dialect;
    private @Nullable HttpServer server;
    private volatile boolean saved;

    HostedVm(String id, UUID uuid, Path path, Host host) {
        directory = new VmDirectory(path);
        events = host.events();
        console = new ConsoleServer(host.loop(), this::machineOrNull, host.executor());
        vm = new MicroVm(
                id,
                uuid,
                new VmSite(
                        console.ring(),
                        directory.countersFile(),
                        host.counters(),
                        host.executor(),
                        nanos -> {},
                        host.idle(),
                        this));
        dialect = new DialectHandler(vm);
    }

    /** Makes its directory, and listens. */
    void open(Host host) throws IOException {
        directory.create();
        console.listen(directory.consoleSocket());
        HttpLimits limits = HttpLimits.ofMachine();
        server = HttpServer.listen(
                host.loop(),
                directory.apiSocket(),
                SOCKET_MODE,
                null,
                new HttpLimits(
                        host.config().maxBodyBytes(),
                        limits.maxConnections(),
                        limits.requestTimeout(),
                        limits.idleTimeout()),
                dialect);
        saved = true;
        save();
    }

    MicroVm vm() {
        return vm;
    }

    DialectHandler dialect() {
        return dialect;
    }

    /** Configures it, command by command. */
    void configure(List<Command> commands) throws InterruptedException {
        for (Command command : commands) {
            vm.execute(command);
        }
    }

    /** As the host's API describes it. */
    Map<String, @Nullable Object> describe() {
        VmEnding ending = vm.lastEnding();
        return new JsonMembers()
                .with("id", vm.id())
                .with("uuid", vm.uuid())
                .with("state", vm.state().text())
                .with("vcpu_count", vm.settings().machine().vcpuCount())
                .with("mem_size_mib", vm.settings().machine().memSizeMib())
                .with("created_at", vm.createdAt())
                .with("started_at", vm.startedAt())
                .with("last_end", ending == null ? null : ending.toJson())
                .with("api_socket", directory.apiSocket())
                .with("console_socket", directory.consoleSocket())
                .with("counters_file", vm.machine() == null ? null : directory.countersFile())
                .with("devices", devices())
                .toMap();
    }

    /** What its idle time is used for, in short. */
    Map<String, @Nullable Object> describeIdle() {
        VmIdle idle = vm.idle();
        JsonMembers members = idle == null
                ? new JsonMembers().withSome("cpu_pins", vm.settings().machine().cpuPins())
                : IdleJson.summary(idle.view());
        return members.with("id", vm.id())
                .with("state", vm.state().text())
                .with("unused_because", vm.noIdle().isEmpty() ? null : vm.noIdle())
                .toMap();
    }

    /** Ends it, if it runs, and removes all it has. */
    @Override
    public void close() {
        saved = false;
        if (server != null) {
            server.close();
        }
        vm.close();
        console.close();
        try {
            directory.delete();
        } catch (IOException e) {
            events.publish(vm.id(), Event.Type.WARNING, "its directory stays: " + e.getMessage());
        }
    }

    @Override
    public void configured(MicroVm changed) {
        save();
    }

    @Override
    public void changed(MicroVm changed, VmState state) {
        save();
        switch (state) {
            case RUNNING -> events.publish(vm.id(), paused ? Event.Type.RESUMED : Event.Type.STARTED, null);
            case PAUSED -> events.publish(vm.id(), Event.Type.PAUSED, null);
            case NOT_STARTED -> {
                // Told by ended, with the reason.
            }
        }
        paused = state == VmState.PAUSED;
    }

    @Override
    public void ended(MicroVm changed, MachineEnd end) {
        save();
        events.publish(vm.id(), Event.Type.ENDED, end.message());
    }

    @Override
    public void warned(MicroVm changed, String warning) {
        events.publish(vm.id(), Event.Type.WARNING, warning);
    }

    private volatile boolean paused;

    private List<Map<String, String>> devices() {
        List<Map<String, String>> devices = new ArrayList<>();
        vm.settings().drives().forEach(drive -> devices.add(device(drive.driveId(), "drive")));
        vm.settings().networkInterfaces().forEach(net -> devices.add(device(net.ifaceId(), "network-interface")));
        if (vm.settings().vsock() != null) {
            devices.add(device("vsock", "vsock"));
        }
        if (vm.settings().balloon() != null) {
            devices.add(device("balloon", "balloon"));
        }
        if (vm.settings().entropy() != null) {
            devices.add(device("entropy", "entropy"));
        }
        return devices;
    }

    private static Map<String, String> device(String id, String kind) {
        return Map.of("id", id, "kind", kind);
    }

    /** What must outlive the daemon. */
    private void save() {
        if (saved) {
            VmEnding ending = vm.lastEnding();
            directory.save(new JsonMembers()
                    .with("id", vm.id())
                    .with("uuid", vm.uuid())
                    .with("state", vm.state().text())
                    .with("last_end", ending == null ? null : ending.toJson())
                    .with("config", vm.configuration())
                    .toMap());
        }
    }

    private dev.lull.agent.machine.@Nullable Machine machineOrNull() {
        return vm.machine();
    }
}
