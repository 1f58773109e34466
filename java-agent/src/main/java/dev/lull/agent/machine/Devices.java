package dev.lull.agent.machine;

import dev.lull.agent.boot.PciHost;
import dev.lull.device.bus.IoBus;
import dev.lull.device.legacy.PowerButton;
import dev.lull.device.memory.GuestMemory;
import dev.lull.device.pci.ConfigPorts;
import dev.lull.device.pci.HotplugRegisters;
import dev.lull.device.pci.PciBus;
import dev.lull.device.pci.PciException;
import dev.lull.device.pci.PciResources;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.VirtioPci;
import dev.lull.device.virtio.VirtioPciHost;
import dev.lull.idle.DeviceLoop;
import dev.lull.kvm.VmFd;
import dev.lull.linux.LinuxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.agrona.concurrent.status.CountersManager;
import org.jspecify.annotations.Nullable;

/**
 * A machine's devices: their bus, their thread, and how they come and go.
 *
 * <p>A device leaves when the guest ejects it, of its own accord or asked to. On the vCPU's thread it only leaves the bus;
 * a thread of its own waits until its last request has ended and gives back what it holds.
 */
final class Devices implements AutoCloseable {
    /** A device in a slot, or on its way out of it. */
    private static final class Plugged {
        final DeviceConfig config;
        final DeviceStats stats;
        final VirtioPci function;
        final AtomicBoolean leaving = new AtomicBoolean();
        final CompletableFuture<Void> gone = new CompletableFuture<>();
        int slot;

        Plugged(DeviceConfig config, DeviceStats stats, VirtioPci function) {
            this.config = config;
            this.stats = stats;
            this.function = function;
        }
    }

    private final String machine;
    private final DeviceThread thread;
    private final PciBus bus;
    private final HotplugRegisters hotplug;
    private final PowerButton powerButton;
    private final VirtioPciHost host;
    private final CountersManager counters;
    private final int vcpus;
    private final long memoryPageBytes;
    private final AtomicReferenceArray<Plugged> slots = new AtomicReferenceArray<>(PciBus.SLOTS);

    /** By id, in the order in which they came; those on their way out keep their id. */
    private final Map<String, Plugged> devices = new LinkedHashMap<>();

    /** The functions of all of them, for the devices' thread. */
    private final Set<VirtioPci> functions = ConcurrentHashMap.newKeySet();

    private boolean closed;

    /**
     * A bus without devices, on {@code ports} and {@code mmio}.
     *
     * @param counters where devices count
     */
    Devices(
            MachineConfig config,
            VmFd vm,
            PciHost pci,
            GuestMemory memory,
            IoBus ports,
            IoBus mmio,
            CountersManager counters) {
        this.machine = config.name();
        this.vcpus = config.vcpus();
        this.memoryPageBytes = config.memoryPageBytes();
        this.counters = counters;
        DeviceFaults faults = new DeviceFaults(config.warnings());
        LevelInputs inputs = new LevelInputs(vm);
        bus = new PciBus(new PciResources(
                mmio, ports, PciPlan.memoryWindows(pci), List.of(), slot -> inputs.source(PciHost.lineGsi(slot))));
        hotplug = new HotplugRegisters(inputs.source(pci.hotplugGsi()), this::ejected);
        powerButton = new PowerButton(inputs.source(pci.hotplugGsi()));
        host = new VirtioPciHost(memory, new MessageRouter(vm), new MmioDoorbells(vm), faults::report);
        ports.add(ConfigPorts.PORT, ConfigPorts.LENGTH_BYTES, bus.configPorts());
        mmio.add(pci.ecamGpa(), PciBus.ECAM_BYTES, bus.ecam());
        mmio.add(pci.hotplugGpa(), HotplugRegisters.LENGTH_BYTES, hotplug);
        mmio.add(pci.powerButtonGpa(), PowerButton.LENGTH_BYTES, powerButton);
        thread = new DeviceThread(
                machine, this::requestsUnderWay, fault -> faults.report(machine + "'s device loop", fault));
    }

    /**
     * Opens a device and puts it into a slot.
     *
     * @param announce whether the guest runs and is to be told
     * @throws ConfigException if it cannot be had
     */
    synchronized void attach(DeviceConfig config, boolean announce) {
        checkOpen();
        List<DeviceConfig> all = new ArrayList<>();
        devices.values().forEach(device -> all.add(device.config));
        all.add(config);
        DeviceRoster.check(all);
        Plugged device = open(config);
        try {
            device.slot = bus.plug(device.function.function());
        } catch (PciException e) {
            giveBack(device);
            throw new ConfigException(String.valueOf(e.getMessage()));
        }
        devices.put(config.id(), device);
        functions.add(device.function);
        slots.set(device.slot, device);
        if (announce) {
            hotplug.announce(device.slot);
        }
    }

    /**
     * Asks the guest to give up a device and waits until it has, and the device is closed.
     *
     * @throws ConfigException if there is no device {@code id}
     * @throws MachineException if the guest does not answer within {@code limit}: the device stays whole
     */
    void detach(String id, Duration limit) throws InterruptedException {
        Plugged device = askFor(id);
        try {
            device.gone.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            hotplug.withdraw(device.slot);
            String state = device.leaving.get()
                    ? "the guest gave it up, but its last request has not ended within %d ms"
                    : "the guest did not give it up within %d ms; it stays attached";
            throw new MachineException(id + ": " + state.formatted(limit.toMillis()), e);
        } catch (ExecutionException e) {
            throw new MachineException(id + ": left the guest, but did not close: " + e.getCause(), e);
        }
    }

    /** The device {@code id}, if it is one of {@code type}. */
    synchronized <T extends VirtioDevice> @Nullable T device(String id, Class<T> type) {
        Plugged plugged = devices.get(id);
        VirtioDevice device = plugged == null ? null : plugged.function.device();
        return type.isInstance(device) ? type.cast(device) : null;
    }

    /** What each device counts, in the order in which they came. */
    synchronized List<DeviceStats> stats() {
        return devices.values().stream().map(device -> device.stats).toList();
    }

    /** Presses the power button. */
    synchronized void pressPowerButton() {
        checkOpen();
        powerButton.press();
    }

    /** Publishes what each device's requests of late took. */
    void refreshCounters() {
        for (DeviceStats stats : stats()) {
            stats.refresh();
        }
    }

    /**
     * The devices' thread as a worker in idle time sees it.
     *
     * @param elsewhere whether the vCPUs are at home on several CPUs
     */
    DeviceLoop idleView(boolean elsewhere) {
        return new DeviceLoop(thread.loop().epollNumber(), thread.loop().observe(), elsewhere);
    }

    /** Stops the devices' thread between two events, when no request is under way, and waits until it has. */
    void pause() throws InterruptedException {
        thread.pause();
    }

    /** Lets the devices' thread go on. */
    void resume() {
        thread.resume();
    }

    /** Closes every device; no vCPU runs any more. */
    @Override
    public void close() {
        List<Plugged> all;
        synchronized (this) {
            closed = true;
            all = List.copyOf(devices.values());
        }
        thread.resume();
        for (Plugged device : all) {
            if (device.leaving.compareAndSet(false, true)) {
                leave(device);
            }
            device.gone.exceptionally(failure -> null).join();
        }
        thread.close();
    }

    private int requestsUnderWay() {
        int underWay = 0;
        for (VirtioPci function : functions) {
            underWay += function.requestsUnderWay();
        }
        return underWay;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException(machine + " has ended");
        }
    }

    private Plugged open(DeviceConfig config) {
        DeviceStats stats = new DeviceStats(config.id(), counters);
        VirtioDevice device = null;
        try {
            device = config.open(new DeviceSite(stats, vcpus, memoryPageBytes));
            return new Plugged(config, stats, new VirtioPci(config.id(), device, thread.loop(), host));
        } catch (RuntimeException e) {
            if (device != null) {
                device.close();
            }
            stats.close();
            if (e instanceof LinuxException refusal) {
                throw new MachineException(config.id() + " cannot be had: " + refusal.getMessage(), refusal);
            }
            throw e;
        }
    }

    private synchronized Plugged askFor(String id) {
        Plugged device = devices.get(id);
        if (device == null) {
            throw new ConfigException("no device " + id + " is attached to " + machine);
        }
        if (!device.leaving.get()) {
            hotplug.requestEject(device.slot);
        }
        return device;
    }

    /** On a vCPU's thread: the guest has let go of what is in {@code slot}. */
    private void ejected(int slot) {
        Plugged device = slots.get(slot);
        if (device != null && device.leaving.compareAndSet(false, true)) {
            hotplug.withdraw(slot);
            bus.unplug(slot);
            slots.compareAndSet(slot, device, null);
            Thread.ofPlatform()
                    .name(machine + "-eject-" + device.config.id())
                    .daemon()
                    .start(() -> leave(device));
        }
    }

    private void leave(Plugged device) {
        try {
            giveBack(device);
            functions.remove(device.function);
            synchronized (this) {
                devices.remove(device.config.id());
            }
            device.gone.complete(null);
        } catch (RuntimeException | Error e) {
            device.gone.completeExceptionally(e);
        }
    }

    private static void giveBack(Plugged device) {
        device.function.close();
        device.stats.close();
    }
}
