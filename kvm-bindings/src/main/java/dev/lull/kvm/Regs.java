package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A copy of a vCPU's general registers, {@code struct kvm_regs}. */
public final class Regs {
    /** The registers, in the order of the structure. */
    public enum Register {
        RAX(KvmLayout.Regs.RAX),
        RBX(KvmLayout.Regs.RBX),
        RCX(KvmLayout.Regs.RCX),
        RDX(KvmLayout.Regs.RDX),
        RSI(KvmLayout.Regs.RSI),
        RDI(KvmLayout.Regs.RDI),
        RSP(KvmLayout.Regs.RSP),
        RBP(KvmLayout.Regs.RBP),
        R8(KvmLayout.Regs.R8),
        R9(KvmLayout.Regs.R9),
        R10(KvmLayout.Regs.R10),
        R11(KvmLayout.Regs.R11),
        R12(KvmLayout.Regs.R12),
        R13(KvmLayout.Regs.R13),
        R14(KvmLayout.Regs.R14),
        R15(KvmLayout.Regs.R15),
        RIP(KvmLayout.Regs.RIP),
        RFLAGS(KvmLayout.Regs.RFLAGS);

        private final int offset;

        Register(int offset) {
            this.offset = offset;
        }
    }

    private final MemorySegment regs = Arena.ofAuto().allocate(KvmLayout.Regs.SIZE, 8);

    MemorySegment segment() {
        return regs;
    }

    /** The value of {@code register}. */
    public long get(Register register) {
        return regs.get(JAVA_LONG, register.offset);
    }

    /** Sets {@code register} in this copy. */
    public Regs set(Register register, long value) {
        regs.set(JAVA_LONG, register.offset, value);
        return this;
    }
}
