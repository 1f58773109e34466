package dev.lull.paravirt.clock;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.lull.device.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Where a guest reads its clock: {@code struct pvclock_vcpu_time_info} in its memory, {@code
 * Documentation/virt/kvm/x86/msr.rst}. The version is odd while it is written.
 */
final class PvclockPage {
    static final int SIZE_BYTES = 32;

    /** Readings may be compared from one vCPU to another. */
    static final byte TSC_STABLE = 1;

    private static final long VERSION = 0;
    private static final long TSC_TIMESTAMP = 8;
    private static final long SYSTEM_TIME = 16;
    private static final long MULTIPLIER = 24;
    private static final long SHIFT = 28;
    private static final long FLAGS = 29;

    private static final VarHandle INT = JAVA_INT.varHandle();

    private final GuestMemory memory;
    private final MemorySegment region;
    private final long offset;
    private int version;

    /**
     * Writes nothing yet.
     *
     * @param region which has the {@link #SIZE_BYTES} at {@code offset}
     * @param offset a multiple of 4
     */
    PvclockPage(GuestMemory memory, MemorySegment region, long offset) {
        this.memory = memory;
        this.region = region;
        this.offset = offset;
        // Another than is there, so that a reader in the middle of what was there notices.
        this.version = (int) INT.getOpaque(region, offset + VERSION) & ~1;
    }

    /** From now until {@link #end} readers wait; a full fence is to follow. */
    void begin() {
        INT.setOpaque(region, offset + VERSION, version + 1);
    }

    /** Shows {@code time}. */
    void end(PvclockTime time) {
        region.set(JAVA_LONG_UNALIGNED, offset + TSC_TIMESTAMP, time.hostBase());
        region.set(JAVA_LONG_UNALIGNED, offset + SYSTEM_TIME, time.nanos());
        region.set(JAVA_INT_UNALIGNED, offset + MULTIPLIER, time.multiplier());
        region.set(JAVA_BYTE, offset + SHIFT, (byte) time.shift());
        region.set(JAVA_BYTE, offset + FLAGS, TSC_STABLE);
        version += 2;
        INT.setRelease(region, offset + VERSION, version);
        memory.wrote(region, offset, SIZE_BYTES);
    }
}
