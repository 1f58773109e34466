package dev.lull.agent.control.daemon;

import dev.lull.agent.control.dialect.Command;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.control.http.ListenException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The virtual machines of a host, by name. */
final class Vms {
    private static final Logger LOG = LoggerFactory.getLogger("lulld");
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,62}");
    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;

    private final Host host;
    private final Path directory;
    private final ConcurrentSkipListMap<String, HostedVm> vms = new ConcurrentSkipListMap<>();

    Vms(Host host) {
        this.host = host;
        directory = host.config().runDirectory().resolve("vms");
    }

    /** All, in the order of their names. */
    Collection<HostedVm> all() {
        return vms.values();
    }

    /** The one that is called {@code id}. */
    HostedVm get(String id) {
        HostedVm vm = vms.get(id);
        if (vm == null) {
            throw new RefusalException(NOT_FOUND, "There is no microVM " + id + ".");
        }
        return vm;
    }

    /**
     * Makes one, configured; nothing is left of one that cannot be.
     *
     * @param start whether it is started
     */
    HostedVm create(String id, List<Command> configuration, boolean start) throws InterruptedException {
        if (!ID.matcher(id).matches()) {
            throw new RefusalException(
                    "The id of a microVM has letters, digits, '_' and '-', at most 63, and begins with none of the last two.");
        }
        if (vms.size() >= host.config().maxVms()) {
            throw new RefusalException("There are " + vms.size() + " microVMs already; lulld.conf allows max-vms = "
                    + host.config().maxVms() + ".");
        }
        HostedVm vm = new HostedVm(id, UUID.randomUUID(), directory.resolve(id), host);
        if (vms.putIfAbsent(id, vm) != null) {
            throw new RefusalException(CONFLICT, "There is a microVM " + id + " already.");
        }
        try {
            vm.open(host);
            host.events().publish(id, Event.Type.CREATED, null);
            vm.configure(configuration);
            if (start) {
                vm.vm().execute(new Command.Start());
            }
            return vm;
        } catch (IOException | ListenException e) {
            discard(id, vm);
            throw new RefusalException("The microVM's directory or socket cannot be made: " + e.getMessage());
        } catch (RuntimeException | InterruptedException e) {
            discard(id, vm);
            throw e;
        }
    }

    /** Ends one, if it runs, and removes it. */
    void remove(String id) {
        HostedVm vm = get(id);
        vm.close();
        if (vms.remove(id, vm)) {
            host.events().publish(id, Event.Type.REMOVED, null);
        }
    }

    /** What an earlier daemon left when it was killed is cleaned up, and its machines are known again, none of them running. */
    void reconcile() throws IOException, InterruptedException {
        Files.createDirectories(directory);
        List<Path> left;
        try (var paths = Files.list(directory)) {
            left = paths.sorted().toList();
        }
        for (Path path : left) {
            Remains remains = Remains.of(path);
            HostedVm vm = remains == null ? null : reconciled(remains, path);
            if (vm == null) {
                new VmDirectory(path).delete();
                LOG.warn("removed {}, which tells of no microVM", path);
            }
        }
    }

    /** Ends all, by their power buttons, at once after {@code grace}; they are forgotten. */
    void stopAll(Duration grace) throws InterruptedException {
        List<HostedVm> running = new ArrayList<>(vms.values());
        CountDownLatch left = new CountDownLatch(running.size());
        for (HostedVm vm : running) {
            host.executor().execute(() -> {
                try {
                    vm.vm().stop(grace);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                } finally {
                    vm.close();
                    left.countDown();
                }
            });
        }
        left.await(grace.toSeconds() + 20, TimeUnit.SECONDS);
        vms.clear();
    }

    private @Nullable HostedVm reconciled(Remains remains, Path path) throws IOException, InterruptedException {
        remains.cleanUp();
        HostedVm vm = new HostedVm(remains.id(), remains.uuid(), path, host);
        try {
            vm.open(host);
            vm.vm().restore(remains.configuration(), remains.ending());
        } catch (ListenException | RefusalException e) {
            LOG.warn("{}: cannot be had again: {}", remains.id(), e.getMessage());
            vm.close();
            return null;
        }
        vms.put(remains.id(), vm);
        if (remains.wasRunning()) {
            LOG.warn(
                    "{}: ended when an earlier lulld was killed; start it anew with: lull vm start {}",
                    remains.id(),
                    remains.id());
        }
        return vm;
    }

    private void discard(String id, HostedVm vm) {
        vm.close();
        if (vms.remove(id, vm)) {
            host.events().publish(id, Event.Type.REMOVED, null);
        }
    }
}
