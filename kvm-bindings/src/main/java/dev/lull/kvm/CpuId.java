package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.lull.linux.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A table of CPUID answers, {@code struct kvm_cpuid2}: what a guest is told its processor is. */
public final class CpuId {
    /** The four registers of an answer. */
    public enum Output {
        EAX(KvmLayout.CpuidEntry2.EAX),
        EBX(KvmLayout.CpuidEntry2.EBX),
        ECX(KvmLayout.CpuidEntry2.ECX),
        EDX(KvmLayout.CpuidEntry2.EDX);

        private final int offset;

        Output(int offset) {
            this.offset = offset;
        }
    }

    private static final int FIRST_CAPACITY = 128;

    private final MemorySegment table;

    private CpuId(MemorySegment table) {
        this.table = table;
    }

    static CpuId supportedBy(Kvm kvm) {
        for (int capacity = FIRST_CAPACITY; ; capacity *= 2) {
            MemorySegment table = allocate(capacity);
            table.set(JAVA_INT, KvmLayout.Cpuid2.NENT, capacity);
            int result = kvm.fd.tryIoctl(KvmConstants.KVM_GET_SUPPORTED_CPUID, table);
            if (result == 0) {
                return new CpuId(table);
            }
            if (result != -Errno.E2BIG) {
                throw new KvmException("KVM_GET_SUPPORTED_CPUID", Kvm.DEVICE, -result);
            }
        }
    }

    /** A table of its own with the same answers. */
    public CpuId copy() {
        return new CpuId(allocate(size()).copyFrom(table.asSlice(0, entryOffset(size()))));
    }

    /** A table with one more answer, to leaf {@code function} whatever the sub-leaf: zeros, to be set. */
    public CpuId with(int function) {
        int entries = size();
        MemorySegment longer = allocate(entries + 1).copyFrom(table.asSlice(0, entryOffset(entries)));
        longer.set(JAVA_INT, KvmLayout.Cpuid2.NENT, entries + 1);
        longer.set(JAVA_INT, entryOffset(entries) + KvmLayout.CpuidEntry2.FUNCTION, function);
        return new CpuId(longer);
    }

    /** The number of answers. */
    public int size() {
        return table.get(JAVA_INT, KvmLayout.Cpuid2.NENT);
    }

    /** The leaf (the EAX the guest asks with) of answer {@code entry}. */
    public int function(int entry) {
        return table.get(JAVA_INT, entryOffset(entry) + KvmLayout.CpuidEntry2.FUNCTION);
    }

    /** The sub-leaf (the ECX the guest asks with) of answer {@code entry}. */
    public int index(int entry) {
        return table.get(JAVA_INT, entryOffset(entry) + KvmLayout.CpuidEntry2.INDEX);
    }

    /** One register of answer {@code entry}. */
    public int get(int entry, Output output) {
        return table.get(JAVA_INT, entryOffset(entry) + output.offset);
    }

    /** Changes one register of answer {@code entry}. */
    public void set(int entry, Output output, int value) {
        table.set(JAVA_INT, entryOffset(entry) + output.offset, value);
    }

    /** The first answer to leaf {@code function} and sub-leaf {@code index}, or −1. */
    public int find(int function, int index) {
        for (int entry = 0; entry < size(); entry++) {
            if (function(entry) == function && index(entry) == index) {
                return entry;
            }
        }
        return -1;
    }

    MemorySegment segment() {
        return table;
    }

    private static MemorySegment allocate(int entries) {
        return Arena.ofAuto().allocate(entryOffset(entries), 8);
    }

    private static long entryOffset(int entry) {
        return KvmLayout.Cpuid2.SIZE + (long) entry * KvmLayout.CpuidEntry2.SIZE;
    }
}
