package dev.lull.agent.control.vm;

import dev.lull.agent.boot.KernelException;
import dev.lull.agent.control.dialect.Balloon;
import dev.lull.agent.control.dialect.BootSource;
import dev.lull.agent.control.dialect.Command;
import dev.lull.agent.control.dialect.Drive;
import dev.lull.agent.control.dialect.MachineSettings;
import dev.lull.agent.control.dialect.MmdsSettings;
import dev.lull.agent.control.dialect.NetworkInterface;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.json.Json;
import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineException;
import dev.lull.agent.mmds.MmdsConfig;
import dev.lull.agent.mmds.MmdsException;
import dev.lull.agent.mmds.MmdsVersion;
import dev.lull.device.backend.DiskException;
import dev.lull.device.virtio.balloon.VirtioBalloon;
import dev.lull.device.virtio.block.VirtioBlock;
import dev.lull.device.virtio.net.VirtioNet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What each command that changes something means; one at a time, under the lock of its {@link MicroVm}. */
final class VmCommands {
    /** How long a guest may take to give up a device. */
    private static final Duration DETACH_LIMIT = Duration.ofSeconds(10);

    private static final Duration REPLACE_LIMIT = Duration.ofSeconds(10);
    private static final int PAYLOAD_TOO_LARGE = 413;

    private final MicroVm vm;

    VmCommands(MicroVm vm) {
        this.vm = vm;
    }

    /** Does what is asked; null if there is no more to tell than that it was done. */
    @Nullable
    Object execute(Command command) throws InterruptedException {
        try {
            if (command instanceof Command.StartIdleTask start) {
                return IdleJson.task(idle().start(start.task()));
            }
            dispatch(command);
            return null;
        } catch (ConfigException | KernelException | MachineException e) {
            throw new RefusalException(prefix(command) + e.getMessage());
        }
    }

    private void dispatch(Command command) throws InterruptedException {
        switch (command) {
            case Command.SetBootSource set -> setBootSource(set.source());
            case Command.SetMachine set -> setMachine(set.update());
            case Command.PutDrive put -> putDrive(put.drive());
            case Command.UpdateDrive update -> updateDrive(update.update());
            case Command.RemoveDrive remove -> removeDrive(remove.driveId());
            case Command.PutNetworkInterface put -> putNetworkInterface(put.net());
            case Command.UpdateNetworkInterface update -> updateNetworkInterface(update.update());
            case Command.RemoveNetworkInterface remove -> removeNetworkInterface(remove.ifaceId());
            case Command.SetVsock set -> vm.setSettings(vm.settings().with(set.vsock()));
            case Command.SetBalloon set -> setBalloon(set.balloon());
            case Command.UpdateBalloon update -> updateBalloon(update.amountMib());
            case Command.UpdateBalloonStatistics update -> updateBalloonStatistics(update.intervalSeconds());
            case Command.StartHinting hinting -> hinting(device -> device.startHinting(hinting.acknowledgeOnStop()));
            case Command.StopHinting hinting -> hinting(VirtioBalloon::stopHinting);
            case Command.SetEntropy set -> vm.setSettings(vm.settings().with(set.entropy()));
            case Command.SetSerial set -> vm.setSettings(vm.settings().with(set.serial()));
            case Command.SetLogger set -> vm.output().setLogger(set.logger());
            case Command.SetMetrics set -> vm.output().setMetrics(set.metrics());
            case Command.SetMmdsSettings set -> setMmds(set.settings());
            case Command.PutMmds put -> store(() -> vm.mmds().store().put(Json.bytes(put.contents())));
            case Command.PatchMmds patch -> store(() -> vm.mmds().store().patch(Json.bytes(patch.patch())));
            case Command.Start start -> start();
            case Command.Pause pause -> pause();
            case Command.Resume resume -> resume();
            case Command.SendCtrlAltDel keys -> running().sendCtrlAltDel();
            case Command.FlushMetrics flush -> vm.output().flushMetrics();
            case Command.Unsupported unsupported ->
                throw new RefusalException(
                        "The requested operation is not supported: Lull has no " + unsupported.what() + " yet");
            case Command.StopIdleTask stop -> idle().stop(stop.id());
            case Command.Dilate dilate -> running().scaledCounter().dilate(dilate.dilation());
            case Command.StartIdleTask start -> throw new IllegalArgumentException("has an answer");
            case Command.Describe describe -> throw new IllegalArgumentException("reading waits for nothing");
        }
    }

    private void setBootSource(BootSource source) {
        SettingsCheck.check(source);
        if (CommandLine.hidesDevices(source.bootArgs())) {
            vm.warn("pci=off is left out of the kernel's command line, as all devices are on PCI");
        }
        vm.setSettings(vm.settings().with(source));
    }

    private void setMachine(MachineSettings.Update update) {
        MachineSettings changed = update.applyTo(vm.settings().machine());
        SettingsCheck.check(changed, vm.settings());
        vm.setSettings(vm.settings().with(changed));
    }

    private void putDrive(Drive drive) {
        Machine machine = vm.machine();
        if (machine != null && vm.settings().drive(drive.driveId()) != null) {
            throw new RefusalException("Device ID in use");
        }
        SettingsCheck.check(drive, vm.settings());
        if (machine != null) {
            machine.attach(DeviceConfigs.of(drive));
        }
        vm.setSettings(vm.settings().with(drive));
    }

    private void updateDrive(Drive.Update update) throws InterruptedException {
        Drive drive = vm.settings().drive(update.driveId());
        if (drive == null) {
            throw new RefusalException("Drive config error: Unable to patch the block device: Device manager error: "
                    + "Device not found Please verify the request arguments.");
        }
        if (update.isEmpty()) {
            throw new RefusalException("Drive config error: Unable to patch the block device: Running method expected "
                    + "different backend. Please verify the request arguments: give path_on_host or rate_limiter.");
        }
        VirtioBlock device = running().device(DeviceIds.drive(update.driveId()), VirtioBlock.class);
        if (update.pathOnHost() != null) {
            SettingsCheck.checkDrivePath("Drive config error: Unable to patch the block device", update.pathOnHost());
            replaceImage(device, update.pathOnHost());
        }
        if (update.rateLimiter() != null) {
            DeviceConfigs.change(update.rateLimiter()).applyTo(device.limiter());
        }
        vm.setSettings(vm.settings().with(drive.updated(update)));
    }

    private void removeDrive(String driveId) throws InterruptedException {
        Drive drive = vm.settings().drive(driveId);
        if (drive == null) {
            throw new RefusalException("Device not found");
        }
        if (drive.isRootDevice()) {
            throw new RefusalException("Cannot unplug root device");
        }
        detach(DeviceIds.drive(driveId));
        vm.setSettings(vm.settings().withoutDrive(driveId));
    }

    private void putNetworkInterface(NetworkInterface net) {
        Machine machine = vm.machine();
        if (machine != null && vm.settings().networkInterface(net.ifaceId()) != null) {
            throw new RefusalException("Device ID in use");
        }
        SettingsCheck.check(net, vm.settings());
        if (machine != null) {
            machine.attach(DeviceConfigs.of(net, vm.mmds()));
        }
        vm.setSettings(vm.settings().with(net));
    }

    private void updateNetworkInterface(NetworkInterface.Update update) {
        NetworkInterface net = vm.settings().networkInterface(update.ifaceId());
        if (net == null) {
            throw new RefusalException(
                    "Network config error: Unable to update the net device: Device manager error: Device not found");
        }
        VirtioNet device = running().device(DeviceIds.net(update.ifaceId()), VirtioNet.class);
        if (update.rxRateLimiter() != null) {
            DeviceConfigs.change(update.rxRateLimiter()).applyTo(device.receiveLimiter());
        }
        if (update.txRateLimiter() != null) {
            DeviceConfigs.change(update.txRateLimiter()).applyTo(device.transmitLimiter());
        }
        vm.setSettings(vm.settings().with(net.updated(update)));
    }

    private void removeNetworkInterface(String ifaceId) throws InterruptedException {
        if (vm.settings().networkInterface(ifaceId) == null) {
            throw new RefusalException("Device not found");
        }
        detach(DeviceIds.net(ifaceId));
        vm.setSettings(vm.settings().withoutNetworkInterface(ifaceId));
    }

    private void detach(String deviceId) throws InterruptedException {
        if (vm.state() == VmState.PAUSED) {
            throw new RefusalException(
                    "A guest gives up its devices by itself, and this one is paused; resume it first");
        }
        running().detach(deviceId, DETACH_LIMIT);
    }

    private void setBalloon(Balloon balloon) {
        SettingsCheck.check(balloon, vm.settings());
        vm.setSettings(vm.settings().with(balloon));
    }

    private void updateBalloon(long amountMib) {
        Balloon balloon = balloon();
        if (amountMib > vm.settings().machine().memSizeMib()) {
            throw new RefusalException(
                    "Balloon update error: Balloon error: Amount of pages requested cannot fit in memory");
        }
        running().device(DeviceIds.BALLOON, VirtioBalloon.class).setTarget(amountMib << 20);
        vm.setSettings(vm.settings().with(balloon.withAmountMib(amountMib)));
    }

    private void updateBalloonStatistics(int intervalSeconds) {
        Balloon balloon = balloon();
        if ((balloon.statsPollingIntervalSeconds() == 0) != (intervalSeconds == 0)) {
            throw new RefusalException(
                    "Balloon update error: Balloon error: Statistics cannot be enabled/disabled after activation");
        }
        running()
                .device(DeviceIds.BALLOON, VirtioBalloon.class)
                .setStatisticsInterval(TimeUnit.SECONDS.toNanos(intervalSeconds));
        vm.setSettings(vm.settings().with(balloon.withIntervalSeconds(intervalSeconds)));
    }

    private void hinting(Consumer<VirtioBalloon> change) {
        balloon();
        try {
            change.accept(running().device(DeviceIds.BALLOON, VirtioBalloon.class));
        } catch (IllegalStateException e) {
            throw new RefusalException("Balloon update error: Balloon error: " + e.getMessage());
        }
    }

    private Balloon balloon() {
        Balloon balloon = vm.settings().balloon();
        if (balloon == null) {
            throw new RefusalException("Balloon update error: No balloon device found.");
        }
        return balloon;
    }

    private void setMmds(MmdsSettings settings) {
        if (settings.networkInterfaces().isEmpty()) {
            throw new RefusalException("MMDS config error: The list of network interface IDs that allow forwarding "
                    + "MMDS requests is empty.");
        }
        vm.mmds()
                .configure(
                        new MmdsConfig(
                                MmdsVersion.valueOf(settings.version()),
                                settings.networkInterfaces(),
                                settings.ipv4Address(),
                                settings.imdsCompat()),
                        vm.settings().networkInterfaces().stream()
                                .map(NetworkInterface::ifaceId)
                                .toList());
        vm.setSettings(vm.settings().with(settings));
    }

    private void store(Runnable change) {
        if (vm.machine() != null && vm.mmds().config() == null) {
            throw new RefusalException("MMDS error: The MMDS data store is not initialized.");
        }
        try {
            change.run();
        } catch (MmdsException e) {
            boolean full = e.reason() == MmdsException.Reason.LIMIT_EXCEEDED;
            throw full
                    ? new RefusalException(PAYLOAD_TOO_LARGE, "MMDS limit exceeded error: " + e.getMessage())
                    : new RefusalException("MMDS error: " + e.getMessage());
        }
    }

    /** The old image is closed when this returns, or will be when a paused machine goes on. */
    private void replaceImage(VirtioBlock device, Path path) throws InterruptedException {
        try {
            CompletableFuture<Void> replaced = device.replaceImage(path);
            if (vm.state() == VmState.RUNNING) {
                replaced.get(REPLACE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (DiskException e) {
            throw new RefusalException("Drive config error: Unable to patch the block device: " + e.getMessage());
        } catch (ExecutionException e) {
            throw new RefusalException("Drive config error: Unable to patch the block device: " + e.getCause());
        } catch (TimeoutException e) {
            vm.warn("requests to an old disk image have not ended within " + REPLACE_LIMIT.toSeconds() + " s");
        }
    }

    private void start() {
        BootSource source = vm.settings().bootSource();
        if (source == null) {
            throw new RefusalException("Start microvm error: Cannot start microvm without kernel configuration.");
        }
        try {
            start(Machine.create(MachineConfigs.of(vm, source)));
        } catch (RuntimeException e) {
            vm.output().closeConsole();
            throw e;
        }
    }

    private void start(Machine machine) {
        try {
            vm.setMachine(machine);
            vm.watch(machine);
            machine.start();
            vm.started(machine);
        } catch (RuntimeException e) {
            vm.setMachine(null);
            machine.close();
            throw e;
        }
    }

    private void pause() throws InterruptedException {
        running().pause();
        vm.setState(VmState.PAUSED);
    }

    private void resume() {
        running().resume();
        vm.setState(VmState.RUNNING);
    }

    private VmIdle idle() {
        return VmDescription.idle(vm);
    }

    private Machine running() {
        Machine machine = vm.machine();
        if (machine == null) {
            throw new RefusalException("The requested operation is not supported before starting the microVM.");
        }
        return machine;
    }

    /** In whose words an error of Lull's is told. */
    private static String prefix(Command command) {
        return switch (command) {
            case Command.Start start -> "Start microvm error: ";
            case Command.PutDrive drive -> "Drive config error: ";
            case Command.UpdateDrive drive -> "Drive config error: Unable to patch the block device: ";
            case Command.PutNetworkInterface net -> "Network config error: ";
            case Command.SetMmdsSettings mmds -> "MMDS config error: ";
            case Command.Dilate dilate -> VmDescription.COUNTER_ERROR;
            default -> "";
        };
    }
}
