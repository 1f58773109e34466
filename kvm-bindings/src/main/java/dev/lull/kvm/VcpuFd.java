package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lull.linux.Fd;
import dev.lull.linux.LinuxException;
import dev.lull.linux.Mapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One virtual processor. Its state is read and written by one thread at a time, while no other is in {@code KVM_RUN}.
 * {@code linux/kvm.h}, "ioctls for vcpu fds".
 */
public final class VcpuFd extends KvmFd {
    private final Mapping runMapping;
    private final KvmRun run;

    private VcpuFd(Fd fd, Mapping runMapping) {
        super(fd);
        this.runMapping = runMapping;
        this.run = new KvmRun(runMapping.segment());
    }

    static VcpuFd open(Fd fd, int runBytes) {
        try {
            return new VcpuFd(fd, Mapping.shared(fd, 0, runBytes));
        } catch (LinuxException e) {
            fd.close();
            throw e;
        }
    }

    /** The page shared with KVM. */
    public KvmRun kvmRun() {
        return run;
    }

    /**
     * Opens KVM's account of this vCPU, as long as it has not been entered: the call waits while the vCPU is in {@code KVM_RUN}.
     *
     * @throws KvmException with {@code ENOTTY} before Linux 5.14
     */
    public VcpuStats openStats() {
        int number = ioctl("KVM_GET_STATS_FD", KvmConstants.KVM_GET_STATS_FD, 0);
        return new VcpuStats(new Fd(number, "statistics of " + fd.name()));
    }

    /** Sets what the guest's CPUID instruction answers; before the first entry. */
    public void setCpuid(CpuId cpuid) {
        ioctl("KVM_SET_CPUID2", KvmConstants.KVM_SET_CPUID2, cpuid.segment());
    }

    /** Reads the general registers into {@code regs}. */
    public void read(Regs regs) {
        ioctl("KVM_GET_REGS", KvmConstants.KVM_GET_REGS, regs.segment());
    }

    /** Sets the general registers. */
    public void write(Regs regs) {
        ioctl("KVM_SET_REGS", KvmConstants.KVM_SET_REGS, regs.segment());
    }

    /** Reads the segment, descriptor table and control registers into {@code sregs}. */
    public void read(Sregs sregs) {
        ioctl("KVM_GET_SREGS", KvmConstants.KVM_GET_SREGS, sregs.segment());
    }

    /** Sets the segment, descriptor table and control registers. */
    public void write(Sregs sregs) {
        ioctl("KVM_SET_SREGS", KvmConstants.KVM_SET_SREGS, sregs.segment());
    }

    /**
     * Sets one model-specific register.
     *
     * @throws KvmException with {@code EINVAL} if KVM does not know the register or refuses the value
     */
    public void setMsr(int index, long value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment msrs = arena.allocate(KvmLayout.Msrs.SIZE + KvmLayout.MsrEntry.SIZE, 8);
            msrs.set(JAVA_INT, KvmLayout.Msrs.NMSRS, 1);
            msrs.set(JAVA_INT, KvmLayout.Msrs.SIZE + KvmLayout.MsrEntry.INDEX, index);
            msrs.set(JAVA_LONG, KvmLayout.Msrs.SIZE + KvmLayout.MsrEntry.DATA, value);
            String operation = "KVM_SET_MSRS 0x" + Integer.toHexString(index);
            if (ioctl(operation, KvmConstants.KVM_SET_MSRS, msrs) != 1) {
                throw new KvmException(operation, fd.name(), dev.lull.linux.Errno.EINVAL);
            }
        }
    }

    /**
     * What is added to the host's TSC to give the one this vCPU reads; on its own thread, or before it runs.
     *
     * @throws KvmException with {@code EINVAL}, {@code ENOTTY} or {@code ENXIO} before Linux 5.16
     */
    public long tscOffset() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment offset = arena.allocate(JAVA_LONG);
            tscOffset("KVM_GET_DEVICE_ATTR", KvmConstants.KVM_GET_DEVICE_ATTR, arena, offset);
            return offset.get(JAVA_LONG, 0);
        }
    }

    /**
     * Has this vCPU read the host's TSC and {@code ticks} more; while it is not in the guest.
     *
     * @throws KvmException as {@link #tscOffset}
     */
    public void setTscOffset(long ticks) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment offset = arena.allocateFrom(JAVA_LONG, ticks);
            tscOffset("KVM_SET_DEVICE_ATTR", KvmConstants.KVM_SET_DEVICE_ATTR, arena, offset);
        }
    }

    private void tscOffset(String name, long request, Arena arena, MemorySegment offset) {
        MemorySegment attribute = arena.allocate(KvmLayout.DeviceAttr.SIZE, 8);
        attribute.set(JAVA_INT, KvmLayout.DeviceAttr.GROUP, KvmConstants.KVM_VCPU_TSC_CTRL);
        attribute.set(JAVA_LONG, KvmLayout.DeviceAttr.ATTR, KvmConstants.KVM_VCPU_TSC_OFFSET);
        attribute.set(JAVA_LONG, KvmLayout.DeviceAttr.ADDR, offset.address());
        ioctl(name.concat(" KVM_VCPU_TSC_OFFSET"), request, attribute);
    }

    /**
     * Queues an external interrupt; only without an in-kernel interrupt chip, and when {@link KvmRun#readyForInterrupt}.
     *
     * @param vector 0–255
     */
    public void interrupt(int vector) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment interrupt = arena.allocate(KvmLayout.Interrupt.SIZE, 4);
            interrupt.set(JAVA_INT, KvmLayout.Interrupt.IRQ, vector);
            ioctl("KVM_INTERRUPT", KvmConstants.KVM_INTERRUPT, interrupt);
        }
    }

    @Override
    public void close() {
        runMapping.close();
        super.close();
    }
}
