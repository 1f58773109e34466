package dev.lull.agent.machine;

import dev.lull.agent.boot.AcpiDevices;
import dev.lull.agent.boot.BootState;
import dev.lull.agent.boot.LinuxBoot;
import dev.lull.agent.boot.PayloadCache;
import dev.lull.agent.boot.PciHost;
import dev.lull.agent.boot.Platform;
import dev.lull.device.bus.InterruptLine;
import dev.lull.device.bus.IoBus;
import dev.lull.device.legacy.BootTimer;
import dev.lull.device.legacy.I8042;
import dev.lull.device.legacy.PowerRegisters;
import dev.lull.device.legacy.SerialPort;
import dev.lull.device.memory.GuestMemory;
import dev.lull.device.pci.BarePciPorts;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.kvm.Kvm;
import dev.lull.kvm.KvmConstants;
import dev.lull.kvm.KvmException;
import dev.lull.kvm.VcpuFd;
import dev.lull.kvm.VcpuStats;
import dev.lull.kvm.VmFd;
import dev.lull.linux.Errno;
import dev.lull.linux.LinuxException;
import dev.lull.linux.NativeThread;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import org.agrona.concurrent.status.CountersManager;
import org.jspecify.annotations.Nullable;

/**
 * A virtual machine: guest memory, vCPUs on a platform thread each, interrupt chips in the kernel, and the devices of a
 * small PC, with a Linux kernel loaded.
 *
 * <p>Its life: {@link #create}, {@link #start}, any number of {@link #pause} and {@link #resume}, an end (the guest's own,
 * or {@link #stop}), {@link #close}. All methods may be called from any thread but a vCPU's; those that wait say so.
 */
public final class Machine implements AutoCloseable {
    private final MachineConfig config;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final IoBus ports = new IoBus("port");
    private final IoBus mmio = new IoBus("guest-physical address");
    private final List<Vcpu> vcpus = new ArrayList<>();
    private final RunGate gate;
    private final EarlyMemory early;
    private final SerialPort console;
    private final I8042 keyboard;
    private final @Nullable Devices devices;
    private final GuestMemory memory;
    private final @Nullable CountersFile counters;
    private final Management management;
    private final @Nullable ScaledCounter scaledCounter;

    /** Held while counters are refreshed, so that none of what they tell of is given back meanwhile. */
    private final Object refreshing = new Object();

    private @Nullable MachineCounters ownCounters;
    private boolean countersClosed;
    private boolean started;
    private boolean closed;
    private volatile long powerOnNanos;
    private volatile long bootNanos = -1;

    private Machine(MachineConfig config) {
        this.config = config;
        this.gate = new RunGate(config.vcpus());
        checkPins();
        try {
            Kvm kvm = own(openKvm());
            MemoryMap map = own(MemoryMap.allocate(config.memoryBytes(), config.hugePages()));
            memory = map.memory();
            PciHost pci = config.pci() ? PciPlan.of(memory, ProcessorSetup.addressBits(kvm)) : null;
            BootState boot = LinuxBoot.load(
                    memory,
                    new LinuxBoot.Source(config.kernel(), config.initrd(), config.commandLine()),
                    new PayloadCache(PayloadCache.defaultDirectory(System.getenv()), config.warnings()),
                    platform(pci));
            VmFd vm = own(kvm.createVm(config.name()));
            vm.setIdentityMapAddress(MemoryMap.IDENTITY_MAP_GPA);
            vm.setTssAddress(MemoryMap.TSS_GPA);
            vm.createIrqChip();
            if (!config.pins().isEmpty() && kvm.capability(KvmConstants.KVM_CAP_HALT_POLL) != 0) {
                vm.setHaltPoll(0);
            }
            map.attachTo(vm);
            early = own(EarlyMemory.populate(config.name(), memory, boot));
            console = new SerialPort(config.consoleOutput(), own(new EventLine(vm, SerialPort.COM1_GSI)));
            keyboard = new I8042(
                    this::reset, config.keyboard() ? own(new EventLine(vm, I8042.KEYBOARD_GSI)) : InterruptLine.NONE);
            plugDevices();
            counters = config.countersFile() == null && pci == null ? null : own(openCounters(config.countersFile()));
            devices = pci == null || counters == null ? null : own(plugBus(vm, pci, counters.counters()));
            scaledCounter = createVcpus(kvm, vm, boot);
            management = new Management(config, vm, memory, vcpus, devices, openStats());
        } catch (LinuxException e) {
            release();
            throw new MachineException("this host's KVM cannot make the machine: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            release();
            throw e;
        }
    }

    /**
     * Makes a machine and loads its kernel; nothing runs yet.
     *
     * @throws ConfigException if the configuration asks for what cannot be
     * @throws dev.lull.agent.boot.KernelException if the kernel or initrd cannot be booted
     * @throws MachineException if this host cannot make it
     */
    public static Machine create(MachineConfig config) {
        return new Machine(config);
    }

    /**
     * Powers the machine on.
     *
     * @throws IllegalStateException if it was before
     */
    public synchronized void start() {
        if (started || closed) {
            throw new IllegalStateException(config.name() + " was started before");
        }
        started = true;
        early.await();
        powerOnNanos = System.nanoTime();
        vcpus.forEach(Vcpu::start);
    }

    /**
     * Takes every vCPU out of the guest, stops the devices' thread between two events when the requests under way have ended, and
     * waits until all are. From then on the guest's memory stays as it is. No effect on a machine that is paused or has ended.
     *
     * @throws InterruptedException if the calling thread is interrupted while it waits; the pause takes effect all the same
     */
    public void pause() throws InterruptedException {
        gate.close();
        kickAll();
        if (isStarted()) {
            gate.awaitAllOutside();
        }
        if (devices != null) {
            devices.pause();
        }
    }

    /** Lets the devices and vCPUs go on. */
    public void resume() {
        if (devices != null) {
            devices.resume();
        }
        gate.open();
    }

    /**
     * Adds a device to a machine that may run.
     *
     * @throws ConfigException if the device cannot be had, or the machine was made without PCI, see {@link
     *     MachineConfig.Builder#hotplug}
     */
    public void attach(DeviceConfig device) {
        hotpluggable().attach(device, isStarted());
    }

    /**
     * Asks the guest to give up a device and waits until it has; the device is closed then. A guest may also eject a device
     * unasked.
     *
     * @param limit how long the guest may take
     * @throws ConfigException if the machine has no such device
     * @throws MachineException if the guest does not answer within {@code limit}: the device stays attached and whole
     * @throws InterruptedException if the calling thread is interrupted while it waits; the guest may still answer
     */
    public void detach(String deviceId, Duration limit) throws InterruptedException {
        hotpluggable().detach(deviceId, limit);
    }

    /**
     * A device, for what only its kind can do.
     *
     * @throws ConfigException if the machine has no device {@code deviceId}, or it is not of {@code type}
     */
    public <T extends VirtioDevice> T device(String deviceId, Class<T> type) {
        T device = hotpluggable().device(deviceId, type);
        if (device == null) {
            throw new ConfigException(config.name() + " has no " + type.getSimpleName() + " " + deviceId);
        }
        return device;
    }

    /**
     * Presses the power button, for the guest to shut itself down in order; a guest that has not booted yet hears of it when it
     * has. Does not wait.
     *
     * @throws ConfigException if the machine was made without PCI, and so without a button
     */
    public void pressPowerButton() {
        hotpluggable().pressPowerButton();
    }

    /**
     * Presses Ctrl-Alt-Del on the guest's keyboard: a Linux tells its first process, or resets. One whose keyboard driver has
     * not started yet does not hear it. Does not wait.
     *
     * @throws ConfigException if the machine was made without a keyboard
     * @throws MachineException if the guest does not listen to its keyboard
     */
    public synchronized void sendCtrlAltDel() {
        if (closed) {
            throw new IllegalStateException(config.name() + " has ended");
        }
        if (!config.keyboard()) {
            throw new ConfigException(config.name() + " was made without a keyboard");
        }
        if (!keyboard.pressCtrlAltDel()) {
            throw new MachineException(config.name() + ": the guest does not listen to its keyboard");
        }
    }

    /**
     * The guest's counter of its own frequency.
     *
     * @throws ConfigException if the machine was made with the host's
     */
    public ScaledCounter scaledCounter() {
        if (scaledCounter == null) {
            throw new ConfigException(config.name() + " was made with the host's counter");
        }
        return scaledCounter;
    }

    /** What each device of the machine has counted so far; to be read before {@link #close}. */
    public List<DeviceStats> deviceStats() {
        return devices == null ? List.of() : devices.stats();
    }

    /** Whether a pause is in force. */
    public boolean isPaused() {
        return gate.isClosed();
    }

    /**
     * Ends the machine, if it has not ended; does not wait. Of a machine that was never started nobody is told, see {@link
     * MachineConfig.Builder#onEnd}: it has no vCPU that could be in the guest.
     */
    public void stop() {
        end(MachineEnd.of(MachineEnd.Kind.STOPPED, "the machine was stopped"));
    }

    /** How the machine ended, though its vCPU threads may still be on their way out of the guest; null before. */
    public @Nullable MachineEnd end() {
        return gate.end();
    }

    /**
     * Waits for the end of a machine that was started, and for its vCPU threads to be out of the guest for good.
     *
     * @throws InterruptedException if the calling thread is interrupted while it waits
     */
    public MachineEnd awaitEnd() throws InterruptedException {
        return gate.awaitEnd();
    }

    /** What it is called in messages and threads' names. */
    public String name() {
        return config.name();
    }

    /** The serial console, for what the guest is to read. */
    public SerialPort console() {
        return console;
    }

    /** Exit accounts, one a vCPU. */
    public List<ExitStats> exitStats() {
        return vcpus.stream().map(Vcpu::stats).toList();
    }

    /**
     * Brings up to date, in the counters file, what nobody counts as it happens: of each vCPU its exits, processor time and
     * state, the part of memory that the host has provided, the 99th percentile of each kind of request to a device. For
     * {@code metrics.CountersRefresher}, about once a second; without effect on a machine without counters, or that was
     * closed.
     */
    public void refreshCounters() {
        synchronized (refreshing) {
            if (counters == null || countersClosed) {
                return;
            }
            if (ownCounters == null) {
                ownCounters = new MachineCounters(counters.counters(), vcpus, memory, scaledCounter);
            }
            if (devices != null) {
                devices.refreshCounters();
            }
            ownCounters.refresh(System.nanoTime());
        }
    }

    /** What work on the machine's behalf, beside its own, needs of it. */
    public Management management() {
        return management;
    }

    /** From {@link #start} to the guest's first signal on the boot timer port, in nanoseconds; −1 before it. */
    public long bootNanos() {
        return bootNanos;
    }

    /** Ends the machine if it runs, waits for its threads, and gives back all it holds. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        management.end();
        stop();
        if (isStarted()) {
            vcpus.forEach(Vcpu::join);
        }
        synchronized (refreshing) {
            countersClosed = true;
        }
        release();
    }

    private synchronized boolean isStarted() {
        return started;
    }

    private static Kvm openKvm() {
        try {
            return Kvm.open();
        } catch (LinuxException e) {
            String remedy = switch (e.errno()) {
                case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
                    "there is no " + Kvm.DEVICE + "; load it with: modprobe kvm-amd || modprobe kvm-intel";
                case Errno.EACCES, Errno.EPERM ->
                    "no permission for " + Kvm.DEVICE + "; join its group with: usermod -aG kvm $USER";
                default -> e.getMessage() + "; see: lull check";
            };
            throw new MachineException(remedy, e);
        }
    }

    private Platform platform(@Nullable PciHost pci) {
        return new Platform(
                config.vcpus(),
                PowerRegisters.SLEEP_CONTROL_PORT,
                PowerRegisters.SLEEP_STATUS_PORT,
                PowerRegisters.RESET_PORT,
                PowerRegisters.RESET_VALUE,
                config.keyboard(),
                List.of(AcpiDevices.com1()),
                pci);
    }

    private void plugDevices() {
        Runnable powerOff = () -> end(MachineEnd.of(MachineEnd.Kind.POWER_OFF, "the guest powered off"));
        ports.add(SerialPort.COM1_PORT, SerialPort.LENGTH_BYTES, console);
        ports.add(I8042.PORT, I8042.LENGTH_BYTES, keyboard);
        ports.add(PowerRegisters.PORT, PowerRegisters.LENGTH_BYTES, new PowerRegisters(powerOff, this::reset));
        ports.add(BootTimer.PORT, BootTimer.LENGTH_BYTES, new BootTimer(this::recordBoot));
        if (!config.pci()) {
            ports.add(BarePciPorts.PORT, BarePciPorts.LENGTH_BYTES, new BarePciPorts());
        }
    }

    private static CountersFile openCounters(@Nullable Path path) {
        return path == null ? CountersFile.inMemory() : CountersFile.at(path);
    }

    private Devices plugBus(VmFd vm, PciHost pci, CountersManager counters) {
        Devices plugged = new Devices(config, vm, pci, memory, ports, mmio, counters);
        try {
            config.devices().forEach(device -> plugged.attach(device, false));
            return plugged;
        } catch (RuntimeException e) {
            plugged.close();
            throw e;
        }
    }

    private Devices hotpluggable() {
        if (devices == null) {
            throw new ConfigException(config.name()
                    + " was made without devices and not for hotplug: it has no PCI bus and no power button");
        }
        return devices;
    }

    private @Nullable ScaledCounter createVcpus(Kvm kvm, VmFd vm, BootState boot) {
        ScaledCounterConfig scaled = config.scaledCounter();
        ProcessorSetup setup = new ProcessorSetup(kvm, config.vcpus(), scaled != null);
        List<VcpuFd> fds = new ArrayList<>();
        for (int id = 0; id < config.vcpus(); id++) {
            VcpuFd fd = own(vm.createVcpu(id));
            setup.identify(fd, id);
            if (id == 0) {
                ProcessorSetup.enterLinux(fd, boot);
            }
            fds.add(fd);
        }
        ScaledCounter counter = scaled == null ? null : own(ScaledCounter.begin(scaled, vm, fds, memory));
        for (int id = 0; id < config.vcpus(); id++) {
            vcpus.add(new Vcpu(
                    config.name(),
                    id,
                    cpu(id),
                    fds.get(id),
                    counter,
                    ports,
                    mmio,
                    gate,
                    config.timedExits(),
                    this::kickAll,
                    this::tellEnd));
        }
        return counter;
    }

    /** Of vCPUs that are bound to CPUs, while they have not been entered: later it would wait for them. Null if KVM has none. */
    private @Nullable List<VcpuStats> openStats() {
        List<VcpuStats> stats = new ArrayList<>();
        try {
            for (Vcpu vcpu : config.pins().isEmpty() ? List.<Vcpu>of() : vcpus) {
                stats.add(own(vcpu.fd().openStats()));
            }
        } catch (KvmException notBeforeLinux514) {
            return null;
        }
        return stats;
    }

    private void checkPins() {
        BitSet present = NativeThread.affinity();
        for (int cpu : config.pins()) {
            if (cpu < 0 || !present.get(cpu)) {
                throw new ConfigException("CPU " + cpu + " to pin a vCPU to: this process may run on " + present);
            }
        }
    }

    private int cpu(int vcpu) {
        return config.pins().isEmpty() ? Vcpu.ANY_CPU : config.pins().get(vcpu);
    }

    private void recordBoot() {
        if (bootNanos < 0) {
            bootNanos = System.nanoTime() - powerOnNanos;
            config.onBoot().accept(bootNanos);
        }
    }

    private void reset() {
        end(MachineEnd.of(MachineEnd.Kind.RESET, "the guest reset"));
    }

    private void end(MachineEnd how) {
        gate.end(how);
        kickAll();
    }

    private void tellEnd() {
        MachineEnd how = gate.end();
        if (how != null) {
            config.onEnd().accept(how);
        }
    }

    private void kickAll() {
        vcpus.forEach(Vcpu::kick);
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.push(resource);
        return resource;
    }

    /** Closes what the machine owns, the newest first; one failure does not keep the rest. */
    private void release() {
        List<Exception> failures = new ArrayList<>();
        while (!owned.isEmpty()) {
            try {
                owned.pop().close();
            } catch (Exception e) {
                failures.add(e);
            }
        }
        if (!failures.isEmpty()) {
            RuntimeException failure =
                    new IllegalStateException("not all of " + config.name() + " could be given back");
            failures.forEach(failure::addSuppressed);
            throw failure;
        }
    }
}
