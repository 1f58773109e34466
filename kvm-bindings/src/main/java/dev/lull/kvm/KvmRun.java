package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.lull.kvm.KvmLayout.Run;
import java.lang.foreign.MemorySegment;

/**
 * A flyweight over {@code struct kvm_run}, the page a vCPU shares with KVM: why it exited, and what the answer is.
 *
 * <p>Used by the vCPU's thread alone, between two entries of the guest.
 *
 * <p>The most frequent exits are told whole by {@link VcpuExit}; the others read several members here, so how they are
 * read counts. Through a segment in a field each read costs some thirty instructions of checks. Here it costs one: the
 * compiler sees a constant segment of all memory, {@link #base} inside it, and nothing left to check. The bounds are
 * therefore kept here: offsets are constants of the layout, but for data, which {@link #checked} keeps in the mapping.
 */
public final class KvmRun {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** Where x86-64 Linux maps a process, unless asked for more; a mask that changes no address, but tells the compiler. */
    private static final long PROCESS_ADDRESSES = (1L << 47) - 1;

    private static final int WIDEST_BYTES = 8;

    /** More than KVM ever shares, three pages today; a mask for the compiler too. */
    private static final long SHARED_OFFSETS = (1 << 20) - 1;

    private final MemorySegment segment;
    private final long address;
    private final long lastDataOffset;

    KvmRun(MemorySegment segment) {
        this.segment = segment;
        this.address = segment.address();
        this.lastDataOffset = Math.min(segment.byteSize() - WIDEST_BYTES, SHARED_OFFSETS);
        checked(VcpuExit.LULL_EXIT_DATA_OFFSET);
    }

    MemorySegment segment() {
        return segment;
    }

    /** What {@link VcpuEntry#run} returns for the exit this tells of. */
    public long exit() {
        int reason = exitReason();
        if (reason != KvmConstants.KVM_EXIT_IO || ioCount() != 1 || ioDataOffset() != VcpuExit.LULL_EXIT_DATA_OFFSET) {
            return reason;
        }
        return ioIsWrite()
                ? VcpuExit.portWrite(ioPort(), ioSizeBytes(), data(ioDataOffset(), ioSizeBytes()))
                : VcpuExit.portRead(ioPort(), ioSizeBytes());
    }

    /** {@code KVM_EXIT_…} of {@link KvmConstants}. */
    int exitReason() {
        return MEMORY.get(JAVA_INT_UNALIGNED, base() + Run.EXIT_REASON);
    }

    /** Whether the guest would take an external interrupt now; only without an in-kernel interrupt chip. */
    public boolean readyForInterrupt() {
        return MEMORY.get(JAVA_BYTE, base() + Run.READY_FOR_INTERRUPT_INJECTION) != 0;
    }

    /** Asks for an exit as soon as the guest would take an interrupt; only without an in-kernel interrupt chip. */
    public void requestInterruptWindow(boolean wanted) {
        MEMORY.set(JAVA_BYTE, base() + Run.REQUEST_INTERRUPT_WINDOW, (byte) (wanted ? 1 : 0));
    }

    /** {@code KVM_EXIT_IO}: whether the guest writes. */
    public boolean ioIsWrite() {
        return MEMORY.get(JAVA_BYTE, base() + Run.IO__DIRECTION) == KvmConstants.KVM_EXIT_IO_OUT;
    }

    /** {@code KVM_EXIT_IO}: width of one access, 1, 2 or 4 bytes. */
    public int ioSizeBytes() {
        return MEMORY.get(JAVA_BYTE, base() + Run.IO__SIZE);
    }

    /** {@code KVM_EXIT_IO}: the port, 0–65535. */
    public int ioPort() {
        return MEMORY.get(JAVA_SHORT_UNALIGNED, base() + Run.IO__PORT) & 0xFFFF;
    }

    /** {@code KVM_EXIT_IO}: how many accesses this exit stands for, more than 1 for string instructions. */
    public int ioCount() {
        return MEMORY.get(JAVA_INT_UNALIGNED, base() + Run.IO__COUNT);
    }

    /** {@code KVM_EXIT_IO}: where the data of the first access lies, in bytes from the start of the structure. */
    public long ioDataOffset() {
        return MEMORY.get(JAVA_LONG_UNALIGNED, base() + Run.IO__DATA_OFFSET);
    }

    /** {@code KVM_EXIT_MMIO}: the guest-physical address. */
    public long mmioAddress() {
        return MEMORY.get(JAVA_LONG_UNALIGNED, base() + Run.MMIO__PHYS_ADDR);
    }

    /** {@code KVM_EXIT_MMIO}: width, 1–8 bytes. */
    public int mmioSizeBytes() {
        return MEMORY.get(JAVA_INT_UNALIGNED, base() + Run.MMIO__LEN);
    }

    /** {@code KVM_EXIT_MMIO}: whether the guest writes. */
    public boolean mmioIsWrite() {
        return MEMORY.get(JAVA_BYTE, base() + Run.MMIO__IS_WRITE) != 0;
    }

    /** {@code KVM_EXIT_MMIO}: where the data lies, in bytes from the start of the structure. */
    public long mmioDataOffset() {
        return Run.MMIO__DATA;
    }

    /**
     * The little-endian value of an access, zero-extended.
     *
     * @param offset from {@link #ioDataOffset} or {@link #mmioDataOffset}
     * @param sizeBytes 1–8
     */
    public long data(long offset, int sizeBytes) {
        long at = checked(offset);
        return switch (sizeBytes) {
            case 1 -> MEMORY.get(JAVA_BYTE, at) & 0xFFL;
            case 2 -> MEMORY.get(JAVA_SHORT_UNALIGNED, at) & 0xFFFFL;
            case 4 -> MEMORY.get(JAVA_INT_UNALIGNED, at) & 0xFFFF_FFFFL;
            case 8 -> MEMORY.get(JAVA_LONG_UNALIGNED, at);
            default -> oddData(at, sizeBytes);
        };
    }

    /** Stores the low {@code sizeBytes} of {@code value}, for the guest to read; as {@link #data}. */
    public void setData(long offset, int sizeBytes, long value) {
        long at = checked(offset);
        switch (sizeBytes) {
            case 1 -> MEMORY.set(JAVA_BYTE, at, (byte) value);
            case 2 -> MEMORY.set(JAVA_SHORT_UNALIGNED, at, (short) value);
            case 4 -> MEMORY.set(JAVA_INT_UNALIGNED, at, (int) value);
            case 8 -> MEMORY.set(JAVA_LONG_UNALIGNED, at, value);
            default -> setOddData(at, sizeBytes, value);
        }
    }

    private long base() {
        return address & PROCESS_ADDRESSES;
    }

    /** The address of data at {@code offset}, which lies in the mapping with room for the widest access. */
    private long checked(long offset) {
        if (Long.compareUnsigned(offset, lastDataOffset) > 0) {
            throw new IndexOutOfBoundsException("data at " + offset + " of " + segment.byteSize() + " shared bytes");
        }
        return base() + (offset & SHARED_OFFSETS);
    }

    /** An access that crosses a page: KVM splits it, so any width occurs. */
    private static long oddData(long at, int sizeBytes) {
        checkWidth(sizeBytes);
        long value = 0;
        for (int i = 0; i < sizeBytes; i++) {
            value |= (MEMORY.get(JAVA_BYTE, at + i) & 0xFFL) << (8 * i);
        }
        return value;
    }

    private static void setOddData(long at, int sizeBytes, long value) {
        checkWidth(sizeBytes);
        for (int i = 0; i < sizeBytes; i++) {
            MEMORY.set(JAVA_BYTE, at + i, (byte) (value >>> (8 * i)));
        }
    }

    private static void checkWidth(int sizeBytes) {
        if (sizeBytes < 1 || sizeBytes > WIDEST_BYTES) {
            throw new IllegalArgumentException("an access of " + sizeBytes + " bytes");
        }
    }

    /** {@code KVM_EXIT_SYSTEM_EVENT}: {@code KVM_SYSTEM_EVENT_…}. */
    public int systemEventType() {
        return MEMORY.get(JAVA_INT_UNALIGNED, base() + Run.SYSTEM_EVENT__TYPE);
    }

    /** {@code KVM_EXIT_INTERNAL_ERROR}: {@code KVM_INTERNAL_ERROR_…}. */
    public int internalSuberror() {
        return MEMORY.get(JAVA_INT_UNALIGNED, base() + Run.INTERNAL__SUBERROR);
    }

    /** {@code KVM_EXIT_X86_RDMSR} and {@code KVM_EXIT_X86_WRMSR}: the register. */
    public int msrIndex() {
        return MEMORY.get(JAVA_INT_UNALIGNED, base() + Run.MSR__INDEX);
    }

    /** {@code KVM_EXIT_X86_WRMSR}: what the guest writes. */
    public long msrData() {
        return MEMORY.get(JAVA_LONG_UNALIGNED, base() + Run.MSR__DATA);
    }

    /** {@code KVM_EXIT_X86_RDMSR}: answers with {@code data}. */
    public void answerMsr(long data) {
        MEMORY.set(JAVA_LONG_UNALIGNED, base() + Run.MSR__DATA, data);
        acceptMsr();
    }

    /** {@code KVM_EXIT_X86_WRMSR}: the write is done. */
    public void acceptMsr() {
        MEMORY.set(JAVA_BYTE, base() + Run.MSR__ERROR, (byte) 0);
    }

    /** {@code KVM_EXIT_X86_RDMSR} and {@code KVM_EXIT_X86_WRMSR}: the guest gets a general protection fault. */
    public void refuseMsr() {
        MEMORY.set(JAVA_BYTE, base() + Run.MSR__ERROR, (byte) 1);
    }

    /** {@code KVM_EXIT_FAIL_ENTRY}: the processor's reason. */
    public long hardwareEntryFailureReason() {
        return MEMORY.get(JAVA_LONG_UNALIGNED, base() + Run.FAIL_ENTRY__HARDWARE_ENTRY_FAILURE_REASON);
    }

    /** {@code KVM_EXIT_UNKNOWN}: the processor's reason. */
    public long hardwareExitReason() {
        return MEMORY.get(JAVA_LONG_UNALIGNED, base() + Run.HW__HARDWARE_EXIT_REASON);
    }

    void setImmediateExit(boolean immediate) {
        MEMORY.set(JAVA_BYTE, base() + Run.IMMEDIATE_EXIT, (byte) (immediate ? 1 : 0));
    }
}
