package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lull.linux.EventFd;
import dev.lull.linux.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** One virtual machine: its memory slots, its interrupt chips and its vCPUs. {@code linux/kvm.h}, "ioctls for VM fds". */
public final class VmFd extends KvmFd {
    private final int runBytes;

    VmFd(Fd fd, int runBytes) {
        super(fd);
        this.runBytes = runBytes;
    }

    /**
     * Where KVM may put three pages an Intel processor needs for real mode.
     *
     * @param gpa below 4 GiB, not RAM
     */
    public void setTssAddress(long gpa) {
        ioctl("KVM_SET_TSS_ADDR", KvmConstants.KVM_SET_TSS_ADDR, gpa);
    }

    /**
     * Where KVM may put the page an Intel processor needs for paging in real mode; before the first vCPU.
     *
     * @param gpa below 4 GiB, not RAM
     */
    public void setIdentityMapAddress(long gpa) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(JAVA_LONG);
            address.set(JAVA_LONG, 0, gpa);
            ioctl("KVM_SET_IDENTITY_MAP_ADDR", KvmConstants.KVM_SET_IDENTITY_MAP_ADDR, address);
        }
    }

    /** Makes the two PICs and the I/O APIC, and a local APIC in every vCPU made after. */
    public void createIrqChip() {
        ioctl("KVM_CREATE_IRQCHIP", KvmConstants.KVM_CREATE_IRQCHIP, 0);
    }

    /**
     * {@code KVM_SET_USER_MEMORY_REGION}.
     *
     * @param slot number of the memory slot; replacing a slot means deleting it first, with size 0
     * @param flags {@code KVM_MEM_…} of {@link KvmConstants}
     * @param gpa first guest-physical address, page aligned
     * @param memory the host's memory behind it, page aligned; the caller keeps it mapped as long as the slot exists
     */
    public void setMemoryRegion(int slot, int flags, long gpa, MemorySegment memory) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment region = arena.allocate(KvmLayout.UserspaceMemoryRegion.SIZE, 8);
            region.set(JAVA_INT, KvmLayout.UserspaceMemoryRegion.SLOT, slot);
            region.set(JAVA_INT, KvmLayout.UserspaceMemoryRegion.FLAGS, flags);
            region.set(JAVA_LONG, KvmLayout.UserspaceMemoryRegion.GUEST_PHYS_ADDR, gpa);
            region.set(JAVA_LONG, KvmLayout.UserspaceMemoryRegion.MEMORY_SIZE, memory.byteSize());
            region.set(JAVA_LONG, KvmLayout.UserspaceMemoryRegion.USERSPACE_ADDR, memory.address());
            ioctl("KVM_SET_USER_MEMORY_REGION slot " + slot, KvmConstants.KVM_SET_USER_MEMORY_REGION, region);
        }
    }

    /**
     * {@code KVM_GET_DIRTY_LOG}: the pages written since the last call, one bit each, and clears it; after {@link
     * #setManualDirtyLog} those written since they were cleared, and leaves them.
     *
     * @param bitmap one bit a page of the slot, rounded up to 64
     */
    public void readDirtyLog(int slot, MemorySegment bitmap) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment log = arena.allocate(KvmLayout.DirtyLog.SIZE, 8);
            log.set(JAVA_INT, KvmLayout.DirtyLog.SLOT, slot);
            log.set(JAVA_LONG, KvmLayout.DirtyLog.DIRTY_BITMAP, bitmap.address());
            ioctl("KVM_GET_DIRTY_LOG slot " + slot, KvmConstants.KVM_GET_DIRTY_LOG, log);
        }
    }

    /**
     * How long KVM may poll for a vCPU's next interrupt, on the vCPU's processor, before it lets the processor go
     * ({@code KVM_CAP_HALT_POLL}).
     *
     * @param nanos 0 for not at all
     */
    public void setHaltPoll(int nanos) {
        enable("KVM_CAP_HALT_POLL", KvmConstants.KVM_CAP_HALT_POLL, nanos);
    }

    /**
     * From now on a page that was read from a dirty log is logged again only after {@code KVM_CLEAR_DIRTY_LOG}; and where the
     * host's KVM can, a log begins with all pages of its slot ({@code KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2}). Before any slot is
     * logged.
     *
     * @return false if the host's KVM does not know it; nothing has changed
     */
    public boolean setManualDirtyLog() {
        int offered = ioctl(
                "KVM_CHECK_EXTENSION",
                KvmConstants.KVM_CHECK_EXTENSION,
                KvmConstants.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2);
        int wanted =
                offered & (KvmConstants.KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KvmConstants.KVM_DIRTY_LOG_INITIALLY_SET);
        if (wanted == 0) {
            return false;
        }
        enable("KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2", KvmConstants.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, wanted);
        return true;
    }

    /**
     * Has the guest's reads and writes of these model-specific registers exit to user space, as {@code
     * KVM_EXIT_X86_RDMSR} and {@code KVM_EXIT_X86_WRMSR}; before the first vCPU runs.
     *
     * @param msrs at most {@code KVM_MSR_FILTER_MAX_RANGES}
     * @throws KvmException with {@code EINVAL} or {@code ENOTTY} before Linux 5.10
     */
    public void exitOnMsrs(List<Integer> msrs) {
        enable(
                "KVM_CAP_X86_USER_SPACE_MSR",
                KvmConstants.KVM_CAP_X86_USER_SPACE_MSR,
                KvmConstants.KVM_MSR_EXIT_REASON_FILTER);
        try (Arena arena = Arena.ofConfined()) {
            // A bitmap of one register, which is not allowed.
            MemorySegment denied = arena.allocate(JAVA_LONG);
            MemorySegment filter = arena.allocate(KvmLayout.MsrFilter.SIZE, 8);
            filter.set(JAVA_INT, KvmLayout.MsrFilter.FLAGS, KvmConstants.KVM_MSR_FILTER_DEFAULT_ALLOW);
            for (int i = 0; i < msrs.size(); i++) {
                long range = KvmLayout.MsrFilter.RANGES + (long) i * KvmLayout.MsrFilterRange.SIZE;
                filter.set(
                        JAVA_INT,
                        range + KvmLayout.MsrFilterRange.FLAGS,
                        KvmConstants.KVM_MSR_FILTER_READ | KvmConstants.KVM_MSR_FILTER_WRITE);
                filter.set(JAVA_INT, range + KvmLayout.MsrFilterRange.NMSRS, 1);
                filter.set(JAVA_INT, range + KvmLayout.MsrFilterRange.BASE, msrs.get(i));
                filter.set(JAVA_LONG, range + KvmLayout.MsrFilterRange.BITMAP, denied.address());
            }
            ioctl("KVM_X86_SET_MSR_FILTER", KvmConstants.KVM_X86_SET_MSR_FILTER, filter);
        }
    }

    private void enable(String name, int number, long argument) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment capability = arena.allocate(KvmLayout.EnableCap.SIZE, 8);
            capability.set(JAVA_INT, KvmLayout.EnableCap.CAP, number);
            capability.set(JAVA_LONG, KvmLayout.EnableCap.ARGS, argument);
            ioctl("KVM_ENABLE_CAP ".concat(name), KvmConstants.KVM_ENABLE_CAP, capability);
        }
    }

    /** Replaces the table of where global system interrupts go. */
    public void setGsiRouting(GsiRouting routing) {
        ioctl("KVM_SET_GSI_ROUTING", KvmConstants.KVM_SET_GSI_ROUTING, routing.table());
    }

    /**
     * Makes {@code event} raise an interrupt: each signal is one edge, or one message. A signal that waits counts.
     *
     * @param gsi the global system interrupt
     */
    public void attachIrqFd(EventFd event, int gsi) {
        irqFd(event, gsi, 0);
    }

    /** Takes back what {@link #attachIrqFd} did with the same arguments. */
    public void detachIrqFd(EventFd event, int gsi) {
        irqFd(event, gsi, KvmConstants.KVM_IRQFD_FLAG_DEASSIGN);
    }

    /**
     * Sets an input of the interrupt chips, for level-triggered interrupts.
     *
     * @param gsi the global system interrupt
     */
    public void setIrqLine(int gsi, boolean asserted) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment level = arena.allocate(KvmLayout.IrqLevel.SIZE, 8);
            level.set(JAVA_INT, KvmLayout.IrqLevel.IRQ, gsi);
            level.set(JAVA_INT, KvmLayout.IrqLevel.LEVEL, asserted ? 1 : 0);
            ioctl("KVM_IRQ_LINE gsi " + gsi, KvmConstants.KVM_IRQ_LINE, level);
        }
    }

    /**
     * Makes a guest's write signal {@code event} instead of exiting to user space.
     *
     * @param address port or guest-physical address
     * @param lengthBytes 1, 2, 4 or 8: the width of the writes that match
     * @param port whether {@code address} is a port
     */
    public void attachIoEventFd(EventFd event, long address, int lengthBytes, boolean port) {
        ioEventFd(event, address, lengthBytes, port ? KvmConstants.KVM_IOEVENTFD_FLAG_PIO : 0);
    }

    /** Takes back what {@link #attachIoEventFd} did with the same arguments. */
    public void detachIoEventFd(EventFd event, long address, int lengthBytes, boolean port) {
        int space = port ? KvmConstants.KVM_IOEVENTFD_FLAG_PIO : 0;
        ioEventFd(event, address, lengthBytes, space | KvmConstants.KVM_IOEVENTFD_FLAG_DEASSIGN);
    }

    /**
     * Makes a vCPU.
     *
     * @param id its index and local APIC id
     */
    public VcpuFd createVcpu(int id) {
        String name = "vCPU " + id + " of " + fd.name();
        return VcpuFd.open(new Fd(ioctl("KVM_CREATE_VCPU " + id, KvmConstants.KVM_CREATE_VCPU, id), name), runBytes);
    }

    private void irqFd(EventFd event, int gsi, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment irqfd = arena.allocate(KvmLayout.Irqfd.SIZE, 8);
            irqfd.set(JAVA_INT, KvmLayout.Irqfd.FD, event.fd().number());
            irqfd.set(JAVA_INT, KvmLayout.Irqfd.GSI, gsi);
            irqfd.set(JAVA_INT, KvmLayout.Irqfd.FLAGS, flags);
            ioctl("KVM_IRQFD gsi " + gsi, KvmConstants.KVM_IRQFD, irqfd);
        }
    }

    private void ioEventFd(EventFd event, long address, int lengthBytes, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ioeventfd = arena.allocate(KvmLayout.Ioeventfd.SIZE, 8);
            ioeventfd.set(JAVA_LONG, KvmLayout.Ioeventfd.ADDR, address);
            ioeventfd.set(JAVA_INT, KvmLayout.Ioeventfd.LEN, lengthBytes);
            ioeventfd.set(JAVA_INT, KvmLayout.Ioeventfd.FD, event.fd().number());
            ioeventfd.set(JAVA_INT, KvmLayout.Ioeventfd.FLAGS, flags);
            ioctl("KVM_IOEVENTFD", KvmConstants.KVM_IOEVENTFD, ioeventfd);
        }
    }

    /**
     * Opens KVM's account of this machine.
     *
     * @throws KvmException with {@code ENOTTY} before Linux 5.14
     */
    public VmStats openStats() {
        int number = ioctl("KVM_GET_STATS_FD", KvmConstants.KVM_GET_STATS_FD, 0);
        return new VmStats(new Fd(number, "statistics of " + fd.name()));
    }
}
