package dev.lull.paravirt.clock;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/** A guest that reads its clock as Linux does, {@code arch/x86/include/asm/pvclock.h}. */
final class GuestClock {
    private static final VarHandle INT = JAVA_INT.varHandle();

    private final MemorySegment page;
    private final HostTicks tsc;

    /**
     * @param page {@code struct pvclock_vcpu_time_info}
     * @param tsc as the vCPU reads it
     */
    GuestClock(MemorySegment page, HostTicks tsc) {
        this.page = page;
        this.tsc = tsc;
    }

    int version() {
        return (int) INT.getOpaque(page, 0L);
    }

    byte flags() {
        return page.get(JAVA_BYTE, 29);
    }

    long nanos() {
        while (true) {
            int version = (int) INT.getAcquire(page, 0L) & ~1;
            long now = tsc.now();
            long delta = now - page.get(JAVA_LONG_UNALIGNED, 8);
            long base = page.get(JAVA_LONG_UNALIGNED, 16);
            long multiplier = Integer.toUnsignedLong(page.get(JAVA_INT_UNALIGNED, 24));
            int shift = page.get(JAVA_BYTE, 28);
            VarHandle.acquireFence();
            if (version() == version) {
                long shifted = shift < 0 ? delta >>> -shift : delta << shift;
                return base + (Math.unsignedMultiplyHigh(shifted, multiplier) << 32) + ((shifted * multiplier) >>> 32);
            }
            Thread.onSpinWait();
        }
    }
}
