package dev.lull.kvm;

import dev.lull.linux.CStruct;

/** Layouts of the structures of {@code linux/kvm.h} this package uses; all numbers are bytes. */
final class KvmLayout {
    private static final String HEADER = "linux/kvm.h";

    @CStruct(value = "kvm_userspace_memory_region", header = HEADER)
    static final class UserspaceMemoryRegion {
        static final int SIZE = 32;
        static final int SLOT = 0;
        static final int FLAGS = 4;
        static final int GUEST_PHYS_ADDR = 8;
        static final int MEMORY_SIZE = 16;
        static final int USERSPACE_ADDR = 24;

        private UserspaceMemoryRegion() {}
    }

    @CStruct(value = "kvm_regs", header = HEADER)
    static final class Regs {
        static final int SIZE = 144;
        static final int RAX = 0;
        static final int RBX = 8;
        static final int RCX = 16;
        static final int RDX = 24;
        static final int RSI = 32;
        static final int RDI = 40;
        static final int RSP = 48;
        static final int RBP = 56;
        static final int R8 = 64;
        static final int R9 = 72;
        static final int R10 = 80;
        static final int R11 = 88;
        static final int R12 = 96;
        static final int R13 = 104;
        static final int R14 = 112;
        static final int R15 = 120;
        static final int RIP = 128;
        static final int RFLAGS = 136;

        private Regs() {}
    }

    @CStruct(value = "kvm_segment", header = HEADER)
    static final class Segment {
        static final int SIZE = 24;
        static final int BASE = 0;
        static final int LIMIT = 8;
        static final int SELECTOR = 12;
        static final int TYPE = 14;
        static final int PRESENT = 15;
        static final int DPL = 16;
        static final int DB = 17;
        static final int S = 18;
        static final int L = 19;
        static final int G = 20;
        static final int AVL = 21;

        private Segment() {}
    }

    @CStruct(value = "kvm_dtable", header = HEADER)
    static final class Dtable {
        static final int SIZE = 16;
        static final int BASE = 0;
        static final int LIMIT = 8;

        private Dtable() {}
    }

    @CStruct(value = "kvm_sregs", header = HEADER)
    static final class Sregs {
        static final int SIZE = 312;
        static final int CS = 0;
        static final int DS = 24;
        static final int ES = 48;
        static final int FS = 72;
        static final int GS = 96;
        static final int SS = 120;
        static final int TR = 144;
        static final int LDT = 168;
        static final int GDT = 192;
        static final int IDT = 208;
        static final int CR0 = 224;
        static final int CR2 = 232;
        static final int CR3 = 240;
        static final int CR4 = 248;
        static final int EFER = 264;
        static final int APIC_BASE = 272;

        private Sregs() {}
    }

    @CStruct(value = "kvm_cpuid2", header = HEADER)
    static final class Cpuid2 {
        static final int SIZE = 8;
        static final int NENT = 0;

        private Cpuid2() {}
    }

    @CStruct(value = "kvm_cpuid_entry2", header = HEADER)
    static final class CpuidEntry2 {
        static final int SIZE = 40;
        static final int FUNCTION = 0;
        static final int INDEX = 4;
        static final int EAX = 12;
        static final int EBX = 16;
        static final int ECX = 20;
        static final int EDX = 24;

        private CpuidEntry2() {}
    }

    @CStruct(value = "kvm_msrs", header = HEADER)
    static final class Msrs {
        static final int SIZE = 8;
        static final int NMSRS = 0;

        private Msrs() {}
    }

    @CStruct(value = "kvm_msr_entry", header = HEADER)
    static final class MsrEntry {
        static final int SIZE = 16;
        static final int INDEX = 0;
        static final int DATA = 8;

        private MsrEntry() {}
    }

    @CStruct(value = "kvm_msr_filter", header = HEADER)
    static final class MsrFilter {
        static final int SIZE = 392;
        static final int FLAGS = 0;
        static final int RANGES = 8;

        private MsrFilter() {}
    }

    @CStruct(value = "kvm_msr_filter_range", header = HEADER)
    static final class MsrFilterRange {
        static final int SIZE = 24;
        static final int FLAGS = 0;
        static final int NMSRS = 4;
        static final int BASE = 8;
        static final int BITMAP = 16;

        private MsrFilterRange() {}
    }

    @CStruct(value = "kvm_device_attr", header = HEADER)
    static final class DeviceAttr {
        static final int SIZE = 24;
        static final int GROUP = 4;
        static final int ATTR = 8;
        static final int ADDR = 16;

        private DeviceAttr() {}
    }

    @CStruct(value = "kvm_irqfd", header = HEADER)
    static final class Irqfd {
        static final int SIZE = 32;
        static final int FD = 0;
        static final int GSI = 4;
        static final int FLAGS = 8;

        private Irqfd() {}
    }

    @CStruct(value = "kvm_irq_level", header = HEADER)
    static final class IrqLevel {
        static final int SIZE = 8;
        static final int IRQ = 0;
        static final int LEVEL = 4;

        private IrqLevel() {}
    }

    @CStruct(value = "kvm_irq_routing", header = HEADER)
    static final class IrqRouting {
        static final int SIZE = 8;
        static final int NR = 0;

        private IrqRouting() {}
    }

    @CStruct(value = "kvm_irq_routing_entry", header = HEADER)
    static final class IrqRoutingEntry {
        static final int SIZE = 48;
        static final int GSI = 0;
        static final int TYPE = 4;
        static final int U__IRQCHIP__IRQCHIP = 16;
        static final int U__IRQCHIP__PIN = 20;
        static final int U__MSI__ADDRESS_LO = 16;
        static final int U__MSI__ADDRESS_HI = 20;
        static final int U__MSI__DATA = 24;

        private IrqRoutingEntry() {}
    }

    @CStruct(value = "kvm_ioeventfd", header = HEADER)
    static final class Ioeventfd {
        static final int SIZE = 64;
        static final int ADDR = 8;
        static final int LEN = 16;
        static final int FD = 20;
        static final int FLAGS = 24;

        private Ioeventfd() {}
    }

    @CStruct(value = "kvm_interrupt", header = HEADER)
    static final class Interrupt {
        static final int SIZE = 4;
        static final int IRQ = 0;

        private Interrupt() {}
    }

    @CStruct(value = "kvm_dirty_log", header = HEADER)
    static final class DirtyLog {
        static final int SIZE = 16;
        static final int SLOT = 0;
        static final int DIRTY_BITMAP = 8;

        private DirtyLog() {}
    }

    @CStruct(value = "kvm_enable_cap", header = HEADER)
    static final class EnableCap {
        static final int SIZE = 104;
        static final int CAP = 0;
        static final int ARGS = 8;

        private EnableCap() {}
    }

    @CStruct(value = "kvm_stats_header", header = HEADER)
    static final class StatsHeader {
        static final int SIZE = 24;
        static final int NAME_SIZE = 4;
        static final int NUM_DESC = 8;
        static final int DESC_OFFSET = 16;
        static final int DATA_OFFSET = 20;

        private StatsHeader() {}
    }

    /** What comes before a descriptor's name. */
    @CStruct(value = "kvm_stats_desc", header = HEADER)
    static final class StatsDesc {
        static final int SIZE = 16;
        static final int EXPONENT = 4;
        static final int OFFSET = 8;

        private StatsDesc() {}
    }

    @CStruct(value = "kvm_run", header = HEADER)
    static final class Run {
        static final int SIZE = 2352;
        static final int REQUEST_INTERRUPT_WINDOW = 0;
        static final int IMMEDIATE_EXIT = 1;
        static final int EXIT_REASON = 8;
        static final int READY_FOR_INTERRUPT_INJECTION = 12;
        static final int HW__HARDWARE_EXIT_REASON = 32;
        static final int FAIL_ENTRY__HARDWARE_ENTRY_FAILURE_REASON = 32;
        static final int IO__DIRECTION = 32;
        static final int IO__SIZE = 33;
        static final int IO__PORT = 34;
        static final int IO__COUNT = 36;
        static final int IO__DATA_OFFSET = 40;
        static final int MMIO__PHYS_ADDR = 32;
        static final int MMIO__DATA = 40;
        static final int MMIO__LEN = 48;
        static final int MMIO__IS_WRITE = 52;
        static final int INTERNAL__SUBERROR = 32;
        static final int SYSTEM_EVENT__TYPE = 32;
        static final int MSR__ERROR = 32;
        static final int MSR__INDEX = 44;
        static final int MSR__DATA = 48;

        private Run() {}
    }

    private KvmLayout() {}
}
