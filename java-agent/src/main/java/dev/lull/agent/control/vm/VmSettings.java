package dev.lull.agent.control.vm;

import dev.lull.agent.control.dialect.Balloon;
import dev.lull.agent.control.dialect.BootSource;
import dev.lull.agent.control.dialect.Command;
import dev.lull.agent.control.dialect.Drive;
import dev.lull.agent.control.dialect.Entropy;
import dev.lull.agent.control.dialect.Logger;
import dev.lull.agent.control.dialect.MachineSettings;
import dev.lull.agent.control.dialect.Metrics;
import dev.lull.agent.control.dialect.MmdsSettings;
import dev.lull.agent.control.dialect.NetworkInterface;
import dev.lull.agent.control.dialect.Serial;
import dev.lull.agent.control.dialect.Vsock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All that is configured of a virtual machine.
 *
 * @param drives the root device first
 */
public record VmSettings(
        @Nullable BootSource bootSource,
        MachineSettings machine,
        List<Drive> drives,
        List<NetworkInterface> networkInterfaces,
        @Nullable Vsock vsock,
        @Nullable Balloon balloon,
        @Nullable Entropy entropy,
        @Nullable Serial serial,
        @Nullable Logger logger,
        @Nullable Metrics metrics,
        @Nullable MmdsSettings mmds) {
    /** Of a machine that was told nothing. */
    public static final VmSettings NONE = new VmSettings(
            null, MachineSettings.DEFAULT, List.of(), List.of(), null, null, null, null, null, null, null);

    /** The drive {@code id}, or null. */
    public @Nullable Drive drive(String id) {
        return drives.stream().filter(has(id)).findFirst().orElse(null);
    }

    /** The network device {@code id}, or null. */
    public @Nullable NetworkInterface networkInterface(String id) {
        return networkInterfaces.stream()
                .filter(net -> net.ifaceId().equals(id))
                .findFirst()
                .orElse(null);
    }

    /** This with what a command configures, unchecked. */
    VmSettings restored(Command command) {
        return switch (command) {
            case Command.SetBootSource set -> with(set.source());
            case Command.SetMachine set -> with(set.update().applyTo(machine));
            case Command.PutDrive put -> with(put.drive());
            case Command.PutNetworkInterface put -> with(put.net());
            case Command.SetVsock set -> with(set.vsock());
            case Command.SetBalloon set -> with(set.balloon());
            case Command.SetEntropy set -> with(set.entropy());
            case Command.SetSerial set -> with(set.serial());
            case Command.SetLogger set -> with(set.logger());
            case Command.SetMmdsSettings set -> with(set.settings());
            default -> this;
        };
    }

    VmSettings with(Drive drive) {
        return withDrives(put(drives, has(drive.driveId()), drive));
    }

    VmSettings withoutDrive(String id) {
        return withDrives(drives.stream().filter(has(id).negate()).toList());
    }

    VmSettings with(NetworkInterface net) {
        return withNets(put(networkInterfaces, other -> other.ifaceId().equals(net.ifaceId()), net));
    }

    VmSettings withoutNetworkInterface(String id) {
        return withNets(networkInterfaces.stream()
                .filter(net -> !net.ifaceId().equals(id))
                .toList());
    }

    VmSettings with(BootSource value) {
        return new VmSettings(
                value, machine, drives, networkInterfaces, vsock, balloon, entropy, serial, logger, metrics, mmds);
    }

    VmSettings with(MachineSettings value) {
        return new VmSettings(
                bootSource, value, drives, networkInterfaces, vsock, balloon, entropy, serial, logger, metrics, mmds);
    }

    VmSettings with(Vsock value) {
        return new VmSettings(
                bootSource, machine, drives, networkInterfaces, value, balloon, entropy, serial, logger, metrics, mmds);
    }

    VmSettings with(Balloon value) {
        return new VmSettings(
                bootSource, machine, drives, networkInterfaces, vsock, value, entropy, serial, logger, metrics, mmds);
    }

    VmSettings with(Entropy value) {
        return new VmSettings(
                bootSource, machine, drives, networkInterfaces, vsock, balloon, value, serial, logger, metrics, mmds);
    }

    VmSettings with(Serial value) {
        return new VmSettings(
                bootSource, machine, drives, networkInterfaces, vsock, balloon, entropy, value, logger, metrics, mmds);
    }

    VmSettings with(Logger value) {
        return new VmSettings(
                bootSource, machine, drives, networkInterfaces, vsock, balloon, entropy, serial, value, metrics, mmds);
    }

    VmSettings with(Metrics value) {
        return new VmSettings(
                bootSource, machine, drives, networkInterfaces, vsock, balloon, entropy, serial, logger, value, mmds);
    }

    VmSettings with(MmdsSettings value) {
        return new VmSettings(
                bootSource,
                machine,
                drives,
                networkInterfaces,
                vsock,
                balloon,
                entropy,
                serial,
                logger,
                metrics,
                value);
    }

    private VmSettings withDrives(List<Drive> value) {
        List<Drive> ordered = new ArrayList<>(value);
        ordered.sort(Comparator.comparing(Drive::isRootDevice).reversed());
        return new VmSettings(
                bootSource,
                machine,
                List.copyOf(ordered),
                networkInterfaces,
                vsock,
                balloon,
                entropy,
                serial,
                logger,
                metrics,
                mmds);
    }

    private VmSettings withNets(List<NetworkInterface> value) {
        return new VmSettings(
                bootSource, machine, drives, value, vsock, balloon, entropy, serial, logger, metrics, mmds);
    }

    private static Predicate<Drive> has(String id) {
        return drive -> drive.driveId().equals(id);
    }

    /** {@code list} with {@code element} in place of the one that is {@code same}, or at the end. */
    private static <T> List<T> put(List<T> list, Predicate<T> same, T element) {
        List<T> changed = new ArrayList<>(list);
        for (int i = 0; i < changed.size(); i++) {
            if (same.test(changed.get(i))) {
                changed.set(i, element);
                return List.copyOf(changed);
            }
        }
        changed.add(element);
        return List.copyOf(changed);
    }
}
