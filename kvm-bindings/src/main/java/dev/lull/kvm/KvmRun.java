package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.lull.kvm.KvmLayout.Run;
import java.lang.foreign.MemorySegment;

/**
 * A flyweight over {@code struct kvm_run}, the page a vCPU shares with KVM: why it exited, and what the answer is.
 *
 * <p>Used by the vCPU's thread alone, between two entries of the guest.
 */
public final class KvmRun {
    private final MemorySegment run;

    KvmRun(MemorySegment run) {
        this.run = run;
    }

    MemorySegment segment() {
        return run;
    }

    /** {@code KVM_EXIT_…} of {@link KvmConstants}. */
    public int exitReason() {
        return run.get(JAVA_INT, Run.EXIT_REASON);
    }

    /** Whether the guest would take an external interrupt now; only without an in-kernel interrupt chip. */
    public boolean readyForInterrupt() {
        return run.get(JAVA_BYTE, Run.READY_FOR_INTERRUPT_INJECTION) != 0;
    }

    /** Asks for an exit as soon as the guest would take an interrupt; only without an in-kernel interrupt chip. */
    public void requestInterruptWindow(boolean wanted) {
        run.set(JAVA_BYTE, Run.REQUEST_INTERRUPT_WINDOW, (byte) (wanted ? 1 : 0));
    }

    /** {@code KVM_EXIT_IO}: whether the guest writes. */
    public boolean ioIsWrite() {
        return run.get(JAVA_BYTE, Run.IO__DIRECTION) == KvmConstants.KVM_EXIT_IO_OUT;
    }

    /** {@code KVM_EXIT_IO}: width of one access, 1, 2 or 4 bytes. */
    public int ioSizeBytes() {
        return run.get(JAVA_BYTE, Run.IO__SIZE);
    }

    /** {@code KVM_EXIT_IO}: the port, 0–65535. */
    public int ioPort() {
        return run.get(JAVA_SHORT, Run.IO__PORT) & 0xFFFF;
    }

    /** {@code KVM_EXIT_IO}: how many accesses this exit stands for, more than 1 for string instructions. */
    public int ioCount() {
        return run.get(JAVA_INT, Run.IO__COUNT);
    }

    /** {@code KVM_EXIT_IO}: where the data of the first access lies, in bytes from the start of the structure. */
    public long ioDataOffset() {
        return run.get(JAVA_LONG, Run.IO__DATA_OFFSET);
    }

    /** {@code KVM_EXIT_MMIO}: the guest-physical address. */
    public long mmioAddress() {
        return run.get(JAVA_LONG, Run.MMIO__PHYS_ADDR);
    }

    /** {@code KVM_EXIT_MMIO}: width, 1–8 bytes. */
    public int mmioSizeBytes() {
        return run.get(JAVA_INT, Run.MMIO__LEN);
    }

    /** {@code KVM_EXIT_MMIO}: whether the guest writes. */
    public boolean mmioIsWrite() {
        return run.get(JAVA_BYTE, Run.MMIO__IS_WRITE) != 0;
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
        return switch (sizeBytes) {
            case 1 -> run.get(JAVA_BYTE, offset) & 0xFFL;
            case 2 -> run.get(JAVA_SHORT_UNALIGNED, offset) & 0xFFFFL;
            case 4 -> run.get(JAVA_INT_UNALIGNED, offset) & 0xFFFF_FFFFL;
            case 8 -> run.get(JAVA_LONG_UNALIGNED, offset);
            default -> oddData(offset, sizeBytes);
        };
    }

    /** Stores the low {@code sizeBytes} of {@code value}, for the guest to read; as {@link #data}. */
    public void setData(long offset, int sizeBytes, long value) {
        switch (sizeBytes) {
            case 1 -> run.set(JAVA_BYTE, offset, (byte) value);
            case 2 -> run.set(JAVA_SHORT_UNALIGNED, offset, (short) value);
            case 4 -> run.set(JAVA_INT_UNALIGNED, offset, (int) value);
            case 8 -> run.set(JAVA_LONG_UNALIGNED, offset, value);
            default -> {
                for (int i = 0; i < sizeBytes; i++) {
                    run.set(JAVA_BYTE, offset + i, (byte) (value >>> (8 * i)));
                }
            }
        }
    }

    /** An access that crosses a page: KVM splits it, so any width occurs. */
    private long oddData(long offset, int sizeBytes) {
        long value = 0;
        for (int i = 0; i < sizeBytes; i++) {
            value |= (run.get(JAVA_BYTE, offset + i) & 0xFFL) << (8 * i);
        }
        return value;
    }

    /** {@code KVM_EXIT_SYSTEM_EVENT}: {@code KVM_SYSTEM_EVENT_…}. */
    public int systemEventType() {
        return run.get(JAVA_INT, Run.SYSTEM_EVENT__TYPE);
    }

    /** {@code KVM_EXIT_INTERNAL_ERROR}: {@code KVM_INTERNAL_ERROR_…}. */
    public int internalSuberror() {
        return run.get(JAVA_INT, Run.INTERNAL__SUBERROR);
    }

    /** {@code KVM_EXIT_FAIL_ENTRY}: the processor's reason. */
    public long hardwareEntryFailureReason() {
        return run.get(JAVA_LONG, Run.FAIL_ENTRY__HARDWARE_ENTRY_FAILURE_REASON);
    }

    /** {@code KVM_EXIT_UNKNOWN}: the processor's reason. */
    public long hardwareExitReason() {
        return run.get(JAVA_LONG, Run.HW__HARDWARE_EXIT_REASON);
    }

    void setImmediateExit(boolean immediate) {
        run.set(JAVA_BYTE, Run.IMMEDIATE_EXIT, (byte) (immediate ? 1 : 0));
    }
}
