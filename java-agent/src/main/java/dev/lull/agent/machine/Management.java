package dev.lull.agent.machine;

import dev.lull.device.memory.GuestMemory;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.idle.DeviceLoop;
import dev.lull.idle.IdleUnavailable;
import dev.lull.kvm.KvmException;
import dev.lull.kvm.VcpuStats;
import dev.lull.kvm.VmFd;
import dev.lull.kvm.VmStats;
import dev.lull.linux.NativeThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What work on a machine's behalf that is not the guest's own needs of it: its memory, when its vCPUs rest, whether its devices
 * have something to do. All of it is there until the end that {@link #onEnd} tells of.
 */
public final class Management {
    private final MachineConfig config;
    private final VmFd vm;
    private final GuestMemory memory;
    private final List<Vcpu> vcpus;
    private final @Nullable Devices devices;
    private final @Nullable List<VcpuStats> stats;
    private final List<Runnable> onEnd = new ArrayList<>();
    private final AtomicBoolean hasDirtyLog = new AtomicBoolean();
    private boolean ended;

    /** @param stats of each vCPU; null if there are none */
    Management(
            MachineConfig config,
            VmFd vm,
            GuestMemory memory,
            List<Vcpu> vcpus,
            @Nullable Devices devices,
            @Nullable List<VcpuStats> stats) {
        this.config = config;
        this.vm = vm;
        this.memory = memory;
        this.vcpus = List.copyOf(vcpus);
        this.devices = devices;
        this.stats = stats;
    }

    /** What the machine is called. */
    public String name() {
        return config.name();
    }

    /** The host's CPU of each vCPU; empty if they are not bound to any. */
    public List<Integer> pins() {
        return config.pins();
    }

    /** The guest's RAM. */
    public GuestMemory memory() {
        return memory;
    }

    /** The size of the pages that back it, in bytes: 4096, or that of the pool of huge pages. */
    public long memoryPageBytes() {
        return config.memoryPageBytes();
    }

    /**
     * Begins to note what is written to the guest's memory; there is one such log at a time.
     *
     * @throws IdleUnavailable if this host's KVM cannot
     * @throws IllegalStateException if there is a log
     */
    public DirtyLog openDirtyLog() {
        if (!hasDirtyLog.compareAndSet(false, true)) {
            throw new IllegalStateException(name() + ": what its guest writes is being noted already");
        }
        try {
            return new DirtyLog(vm, memory, () -> hasDirtyLog.set(false));
        } catch (RuntimeException e) {
            hasDirtyLog.set(false);
            throw e;
        }
    }

    /**
     * KVM's account of each vCPU, of a machine whose vCPUs are bound to CPUs.
     *
     * @throws IdleUnavailable if this host's KVM keeps none
     */
    public List<VcpuStats> stats() {
        if (stats == null) {
            throw new IdleUnavailable("this host's KVM keeps no statistics of a vCPU; Linux 5.17 or later does");
        }
        return stats;
    }

    /**
     * Opens KVM's account of the machine as a whole, for who asks to close before its end.
     *
     * @throws IdleUnavailable if this host's KVM keeps none
     */
    public VmStats openMachineStats() {
        try {
            return vm.openStats();
        } catch (KvmException e) {
            throw new IdleUnavailable("this host's KVM keeps no statistics of a machine (" + e.getMessage()
                    + "); Linux 5.15 or later does");
        }
    }

    /** The thread of its devices; null for a machine without. */
    public @Nullable DeviceLoop deviceLoop() {
        return devices == null
                ? null
                : devices.idleView(pins().stream().distinct().count() > 1);
    }

    /** How often its vCPUs have left the guest. */
    public long exits() {
        long exits = 0;
        for (Vcpu vcpu : vcpus) {
            exits += vcpu.stats().total();
        }
        return exits;
    }

    /** What each of its devices counts. */
    public List<DeviceStats> deviceStats() {
        return devices == null ? List.of() : devices.stats();
    }

    /** The processor time of vCPU {@code id}, in nanoseconds; −1 if it does not run. */
    public long cpuNanos(int id) {
        return vcpus.get(id).cpuNanos();
    }

    /** How the thread of vCPU {@code id} waited for a CPU; null if it does not run, or the host does not tell. */
    public NativeThread.@Nullable RunQueueDelay runQueueDelay(int id) {
        return vcpus.get(id).runQueueDelay();
    }

    /**
     * Has {@code action} run when the machine is closed, before anything of it is given back, on the closing thread; at once if it
     * was closed before.
     */
    public void onEnd(Runnable action) {
        synchronized (this) {
            if (!ended) {
                onEnd.add(action);
                return;
            }
        }
        action.run();
    }

    void end() {
        List<Runnable> actions;
        synchronized (this) {
            ended = true;
            actions = List.copyOf(onEnd);
        }
        actions.forEach(Runnable::run);
    }
}
