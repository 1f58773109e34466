package dev.lull.agent.machine;

import dev.lull.agent.boot.BootState;
import dev.lull.agent.boot.Gdt;
import dev.lull.kvm.CpuId;
import dev.lull.kvm.CpuId.Output;
import dev.lull.kvm.Kvm;
import dev.lull.kvm.KvmConstants;
import dev.lull.kvm.KvmParaConstants;
import dev.lull.kvm.Regs;
import dev.lull.kvm.Regs.Register;
import dev.lull.kvm.Sregs;
import dev.lull.kvm.Sregs.ControlRegister;
import dev.lull.kvm.Sregs.SegmentRegister;
import dev.lull.kvm.VcpuFd;

/** What a vCPU is before it runs: its identity, and for the first one the state the Linux boot protocol asks for. */
final class ProcessorSetup {
    /** Leaf 1, ECX: the local APIC's timer can be set to a TSC value. */
    private static final int TSC_DEADLINE = 1 << 24;

    /** Leaf 1, ECX: there is a hypervisor. */
    private static final int HYPERVISOR = 1 << 31;

    /** Leaf 1, EDX: EBX says how many logical processors the package has. */
    private static final int HTT = 1 << 28;

    private static final int FEATURES_LEAF = 7;

    /** Leaf 7, EBX: there is a register that shifts the TSC. */
    private static final int TSC_ADJUST = 1 << 1;

    private static final int POWER_LEAF = 0x8000_0007;

    /** Leaf 0x80000007, EDX: the TSC has one frequency and never stops. */
    private static final int INVARIANT_TSC = 1 << 8;

    private static final int KVM_FEATURES_LEAF = 0x4000_0001;

    /** Leaf 0x40000001, EAX: the clock by both generations of registers, and the same on all vCPUs. */
    private static final int KVM_CLOCK = 1 << KvmParaConstants.KVM_FEATURE_CLOCKSOURCE
            | 1 << KvmParaConstants.KVM_FEATURE_CLOCKSOURCE2
            | 1 << KvmParaConstants.KVM_FEATURE_CLOCKSOURCE_STABLE_BIT;

    /** Where Lull's own leaves begin: a hypervisor's do at a multiple of 0x100 from 0x40000000, which is KVM's, on. */
    private static final int LULL_LEAF = 0x4000_0100;

    /** What a guest knows them by, in EBX, ECX and EDX: "LullLullLull". */
    private static final int LULL_SIGNATURE = 0x6C6C_754C;

    /** EAX: there is a counter's page; EBX and ECX are its guest-physical address. */
    private static final int LULL_COUNTER_LEAF = LULL_LEAF + 1;

    private static final int TOPOLOGY_LEAF = 0xB;
    private static final int TOPOLOGY_LEAF_V2 = 0x1F;
    private static final int LEVEL_SMT = 1;
    private static final int LEVEL_CORE = 2;
    private static final int ADDRESS_SIZES_LEAF = 0x8000_0008;
    private static final int AMD_CORES_LEAF = ADDRESS_SIZES_LEAF;
    /** What every processor with 64 bits has (Intel SDM volume 2, CPUID leaf 0x80000008). */
    private static final int MIN_ADDRESS_BITS = 36;

    private static final int AMD_TOPOLOGY_LEAF = 0x8000_001E;

    private static final int MSR_MISC_ENABLE = 0x1A0;
    private static final long MISC_ENABLE_FAST_STRING = 1;
    private static final int MSR_MTRR_DEFAULT_TYPE = 0x2FF;
    private static final long MTRR_ENABLED_WRITE_BACK = 1 << 11 | 6;

    /** An available 64-bit TSS, busy: the processor requires one in TR. */
    private static final long TSS_DESCRIPTOR = 0x0000_8B00_0000_FFFFL;

    private static final long CR0_PROTECTED_PAGED = 1L << 31 | 1 << 4 | 1;
    private static final long CR4_PAE = 1 << 5;
    private static final long EFER_LONG_MODE = 1 << 10 | 1 << 8;
    private static final long RFLAGS_RESERVED = 2;

    private final CpuId supported;
    private final boolean tscDeadline;
    private final int vcpus;
    private final boolean scaledCounter;

    /**
     * @param vcpus how many vCPUs the machine has; all are cores of one package
     * @param scaledCounter whether Lull keeps the guest's clock, so that the TSC is to be no clock for it
     */
    ProcessorSetup(Kvm kvm, int vcpus, boolean scaledCounter) {
        this.supported = kvm.supportedCpuid();
        this.tscDeadline = kvm.capability(KvmConstants.KVM_CAP_TSC_DEADLINE_TIMER) != 0;
        this.vcpus = vcpus;
        this.scaledCounter = scaledCounter;
    }

    /** How many bits a guest-physical address has, as every vCPU's CPUID will say. */
    static int addressBits(Kvm kvm) {
        CpuId cpuid = kvm.supportedCpuid();
        int entry = cpuid.find(ADDRESS_SIZES_LEAF, 0);
        return entry < 0 ? MIN_ADDRESS_BITS : cpuid.get(entry, Output.EAX) & 0xFF;
    }

    /** Gives vCPU {@code id} its identity. */
    void identify(VcpuFd vcpu, int id) {
        CpuId cpuid = supported.copy();
        int apicIdBits = 32 - Integer.numberOfLeadingZeros(vcpus - 1);
        for (int entry = 0; entry < cpuid.size(); entry++) {
            switch (cpuid.function(entry)) {
                case 1 -> features(cpuid, entry, id);
                case TOPOLOGY_LEAF, TOPOLOGY_LEAF_V2 -> topology(cpuid, entry, id, apicIdBits);
                case AMD_CORES_LEAF -> cpuid.set(entry, Output.ECX, apicIdBits << 12 | (vcpus - 1));
                case AMD_TOPOLOGY_LEAF -> {
                    cpuid.set(entry, Output.EAX, id);
                    cpuid.set(entry, Output.EBX, id);
                    cpuid.set(entry, Output.ECX, 0);
                }
                default -> {
                    // As KVM supports it.
                }
            }
            if (scaledCounter) {
                hideTsc(cpuid, entry);
            }
        }
        vcpu.setCpuid(scaledCounter ? withCounter(cpuid) : cpuid);
        vcpu.setMsr(MSR_MISC_ENABLE, MISC_ENABLE_FAST_STRING);
        vcpu.setMsr(MSR_MTRR_DEFAULT_TYPE, MTRR_ENABLED_WRITE_BACK);
    }

    /** Puts the first vCPU at the kernel's entry, in long mode; {@code Documentation/arch/x86/boot.rst}, "64-bit boot protocol". */
    static void enterLinux(VcpuFd vcpu, BootState boot) {
        Sregs sregs = new Sregs();
        vcpu.read(sregs);
        sregs.load(SegmentRegister.CS, Gdt.CODE_SELECTOR, Gdt.CODE_DESCRIPTOR);
        sregs.load(SegmentRegister.DS, Gdt.DATA_SELECTOR, Gdt.DATA_DESCRIPTOR);
        sregs.load(SegmentRegister.ES, Gdt.DATA_SELECTOR, Gdt.DATA_DESCRIPTOR);
        sregs.load(SegmentRegister.FS, Gdt.DATA_SELECTOR, Gdt.DATA_DESCRIPTOR);
        sregs.load(SegmentRegister.GS, Gdt.DATA_SELECTOR, Gdt.DATA_DESCRIPTOR);
        sregs.load(SegmentRegister.SS, Gdt.DATA_SELECTOR, Gdt.DATA_DESCRIPTOR);
        sregs.load(SegmentRegister.TR, 0, TSS_DESCRIPTOR);
        sregs.setGdt(boot.gdtGpa(), boot.gdtLimitBytes());
        sregs.setIdt(0, 0);
        sregs.set(ControlRegister.CR3, boot.pageTableGpa());
        sregs.set(ControlRegister.CR4, CR4_PAE);
        sregs.set(ControlRegister.CR0, CR0_PROTECTED_PAGED);
        sregs.set(ControlRegister.EFER, EFER_LONG_MODE);
        vcpu.write(sregs);
        vcpu.write(new Regs()
                .set(Register.RIP, boot.entryGpa())
                .set(Register.RSI, boot.bootParamsGpa())
                .set(Register.RFLAGS, RFLAGS_RESERVED));
    }

    private void features(CpuId cpuid, int entry, int id) {
        int ecx = cpuid.get(entry, Output.ECX) | HYPERVISOR | (tscDeadline ? TSC_DEADLINE : 0);
        cpuid.set(entry, Output.ECX, ecx);
        int flushLine = cpuid.get(entry, Output.EBX) & 0xFF00;
        cpuid.set(entry, Output.EBX, id << 24 | vcpus << 16 | flushLine);
        if (vcpus > 1) {
            cpuid.set(entry, Output.EDX, cpuid.get(entry, Output.EDX) | HTT);
        }
    }

    /** The guest takes kvm-clock for its clock rather than the TSC, and does not shift that, of which the clock is made. */
    private static void hideTsc(CpuId cpuid, int entry) {
        switch (cpuid.function(entry)) {
            case FEATURES_LEAF -> {
                if (cpuid.index(entry) == 0) {
                    cpuid.set(entry, Output.EBX, cpuid.get(entry, Output.EBX) & ~TSC_ADJUST);
                }
            }
            case POWER_LEAF -> cpuid.set(entry, Output.EDX, cpuid.get(entry, Output.EDX) & ~INVARIANT_TSC);
            case KVM_FEATURES_LEAF -> cpuid.set(entry, Output.EAX, cpuid.get(entry, Output.EAX) | KVM_CLOCK);
            default -> {
                // Nothing of the TSC.
            }
        }
    }

    /** Tells where the counter is. */
    private static CpuId withCounter(CpuId cpuid) {
        int base = cpuid.size();
        CpuId told = cpuid.with(LULL_LEAF).with(LULL_COUNTER_LEAF);
        told.set(base, Output.EAX, LULL_COUNTER_LEAF);
        told.set(base, Output.EBX, LULL_SIGNATURE);
        told.set(base, Output.ECX, LULL_SIGNATURE);
        told.set(base, Output.EDX, LULL_SIGNATURE);
        told.set(base + 1, Output.EAX, 1);
        told.set(base + 1, Output.EBX, (int) MemoryMap.COUNTER_GPA);
        told.set(base + 1, Output.ECX, (int) (MemoryMap.COUNTER_GPA >>> 32));
        return told;
    }

    private void topology(CpuId cpuid, int entry, int id, int apicIdBits) {
        int level = cpuid.index(entry);
        switch (level) {
            case 0 -> level(cpuid, entry, 0, 1, LEVEL_SMT << 8);
            case 1 -> level(cpuid, entry, apicIdBits, vcpus, LEVEL_CORE << 8 | 1);
            default -> level(cpuid, entry, 0, 0, level);
        }
        cpuid.set(entry, Output.EDX, id);
    }

    private static void level(CpuId cpuid, int entry, int shift, int processors, int ecx) {
        cpuid.set(entry, Output.EAX, shift);
        cpuid.set(entry, Output.EBX, processors);
        cpuid.set(entry, Output.ECX, ecx);
    }
}
