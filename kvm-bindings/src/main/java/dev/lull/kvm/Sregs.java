package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A copy of a vCPU's segment, descriptor table and control registers, {@code struct kvm_sregs}. */
public final class Sregs {
    /** The segment registers. */
    public enum SegmentRegister {
        CS(KvmLayout.Sregs.CS),
        DS(KvmLayout.Sregs.DS),
        ES(KvmLayout.Sregs.ES),
        FS(KvmLayout.Sregs.FS),
        GS(KvmLayout.Sregs.GS),
        SS(KvmLayout.Sregs.SS),
        TR(KvmLayout.Sregs.TR),
        LDT(KvmLayout.Sregs.LDT);

        private final int offset;

        SegmentRegister(int offset) {
            this.offset = offset;
        }
    }

    /** The control registers and the two model-specific ones KVM counts among them. */
    public enum ControlRegister {
        CR0(KvmLayout.Sregs.CR0),
        CR2(KvmLayout.Sregs.CR2),
        CR3(KvmLayout.Sregs.CR3),
        CR4(KvmLayout.Sregs.CR4),
        EFER(KvmLayout.Sregs.EFER),
        APIC_BASE(KvmLayout.Sregs.APIC_BASE);

        private final int offset;

        ControlRegister(int offset) {
            this.offset = offset;
        }
    }

    private final MemorySegment sregs = Arena.ofAuto().allocate(KvmLayout.Sregs.SIZE, 8);

    MemorySegment segment() {
        return sregs;
    }

    /** The value of {@code register}. */
    public long get(ControlRegister register) {
        return sregs.get(JAVA_LONG, register.offset);
    }

    /** Sets {@code register} in this copy. */
    public Sregs set(ControlRegister register, long value) {
        sregs.set(JAVA_LONG, register.offset, value);
        return this;
    }

    /** The selector in {@code register}. */
    public int selector(SegmentRegister register) {
        return sregs.get(JAVA_SHORT, register.offset + KvmLayout.Segment.SELECTOR) & 0xFFFF;
    }

    /** The base address of {@code register}. */
    public long base(SegmentRegister register) {
        return sregs.get(JAVA_LONG, register.offset + KvmLayout.Segment.BASE);
    }

    /**
     * Loads {@code register} as the processor does from a descriptor, Intel SDM volume 3 §3.4.5.
     *
     * @param selector its index in the table, times 8
     * @param descriptor the 8 bytes of a code, data or TSS descriptor
     */
    public Sregs load(SegmentRegister register, int selector, long descriptor) {
        long base = ((descriptor >>> 16) & 0xFFFFFF) | ((descriptor >>> 32) & 0xFF000000L);
        int limit = (int) ((descriptor & 0xFFFF) | ((descriptor >>> 32) & 0xF0000));
        boolean pages = bit(descriptor, 55) != 0;
        set(register, base, pages ? (limit << 12) | 0xFFF : limit, selector);
        field(register, KvmLayout.Segment.TYPE, (int) (descriptor >>> 40) & 0xF);
        field(register, KvmLayout.Segment.S, bit(descriptor, 44));
        field(register, KvmLayout.Segment.DPL, (int) (descriptor >>> 45) & 3);
        field(register, KvmLayout.Segment.PRESENT, bit(descriptor, 47));
        field(register, KvmLayout.Segment.AVL, bit(descriptor, 52));
        field(register, KvmLayout.Segment.L, bit(descriptor, 53));
        field(register, KvmLayout.Segment.DB, bit(descriptor, 54));
        field(register, KvmLayout.Segment.G, bit(descriptor, 55));
        return this;
    }

    /** Points {@code register} at {@code base} as real mode does, its other properties as they are. */
    public Sregs loadRealMode(SegmentRegister register, long base) {
        return set(register, base, 0xFFFF, (int) (base >>> 4));
    }

    /** Sets the global descriptor table's address and limit. */
    public Sregs setGdt(long base, int limitBytes) {
        return table(KvmLayout.Sregs.GDT, base, limitBytes);
    }

    /** Sets the interrupt descriptor table's address and limit. */
    public Sregs setIdt(long base, int limitBytes) {
        return table(KvmLayout.Sregs.IDT, base, limitBytes);
    }

    private Sregs set(SegmentRegister register, long base, int limit, int selector) {
        sregs.set(JAVA_LONG, register.offset + KvmLayout.Segment.BASE, base);
        sregs.set(JAVA_INT, register.offset + KvmLayout.Segment.LIMIT, limit);
        sregs.set(JAVA_SHORT, register.offset + KvmLayout.Segment.SELECTOR, (short) selector);
        return this;
    }

    private Sregs table(int offset, long base, int limitBytes) {
        sregs.set(JAVA_LONG, offset + KvmLayout.Dtable.BASE, base);
        sregs.set(JAVA_SHORT, offset + KvmLayout.Dtable.LIMIT, (short) limitBytes);
        return this;
    }

    private void field(SegmentRegister register, int offset, int value) {
        sregs.set(JAVA_BYTE, register.offset + offset, (byte) value);
    }

    private static int bit(long descriptor, int bit) {
        return (int) (descriptor >>> bit) & 1;
    }
}
