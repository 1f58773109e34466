package dev.lull.kvm;

import dev.lull.linux.CConstants;

/** Numbers of {@code linux/kvm.h}, by their C names. */
@CConstants("linux/kvm.h")
public final class KvmConstants {
    // ioctls of /dev/kvm
    public static final long KVM_GET_API_VERSION = 0xae00L;
    public static final long KVM_CREATE_VM = 0xae01L;
    public static final long KVM_CHECK_EXTENSION = 0xae03L;
    public static final long KVM_GET_VCPU_MMAP_SIZE = 0xae04L;
    public static final long KVM_GET_SUPPORTED_CPUID = 0xc008ae05L;

    // ioctls of a VM
    public static final long KVM_CREATE_VCPU = 0xae41L;
    public static final long KVM_SET_USER_MEMORY_REGION = 0x4020ae46L;
    public static final long KVM_SET_TSS_ADDR = 0xae47L;
    public static final long KVM_SET_IDENTITY_MAP_ADDR = 0x4008ae48L;
    public static final long KVM_CREATE_IRQCHIP = 0xae60L;
    public static final long KVM_IRQ_LINE = 0x4008ae61L;
    public static final long KVM_SET_GSI_ROUTING = 0x4008ae6aL;
    public static final long KVM_IRQFD = 0x4020ae76L;
    public static final long KVM_IOEVENTFD = 0x4040ae79L;
    public static final long KVM_GET_DIRTY_LOG = 0x4010ae42L;

    public static final long KVM_ENABLE_CAP = 0x4068aea3L;
    public static final long KVM_X86_SET_MSR_FILTER = 0x4188aec6L;

    // ioctls of a vCPU
    public static final long KVM_GET_STATS_FD = 0xaeceL;
    public static final long KVM_RUN = 0xae80L;
    public static final long KVM_GET_REGS = 0x8090ae81L;
    public static final long KVM_SET_REGS = 0x4090ae82L;
    public static final long KVM_GET_SREGS = 0x8138ae83L;
    public static final long KVM_SET_SREGS = 0x4138ae84L;
    public static final long KVM_SET_MSRS = 0x4008ae89L;
    public static final long KVM_SET_DEVICE_ATTR = 0x4018aee1L;
    public static final long KVM_GET_DEVICE_ATTR = 0x4018aee2L;
    public static final long KVM_SET_CPUID2 = 0x4008ae90L;
    public static final long KVM_INTERRUPT = 0x4004ae86L;

    // capabilities
    public static final int KVM_CAP_IRQCHIP = 0;
    public static final int KVM_CAP_USER_MEMORY = 3;
    public static final int KVM_CAP_NR_VCPUS = 9;
    public static final int KVM_CAP_NR_MEMSLOTS = 10;
    public static final int KVM_CAP_MAX_VCPUS = 66;
    public static final int KVM_CAP_IRQFD = 32;
    public static final int KVM_CAP_IOEVENTFD = 36;
    public static final int KVM_CAP_TSC_CONTROL = 60;
    public static final int KVM_CAP_GET_TSC_KHZ = 61;
    public static final int KVM_CAP_TSC_DEADLINE_TIMER = 72;
    public static final int KVM_CAP_SIGNAL_MSI = 77;
    public static final int KVM_CAP_SPLIT_IRQCHIP = 121;
    public static final int KVM_CAP_IMMEDIATE_EXIT = 136;
    public static final int KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 = 168;
    public static final int KVM_CAP_HALT_POLL = 182;
    public static final int KVM_CAP_X86_USER_SPACE_MSR = 188;
    public static final int KVM_CAP_X86_MSR_FILTER = 189;
    public static final int KVM_CAP_DIRTY_LOG_RING = 192;
    public static final int KVM_CAP_BINARY_STATS_FD = 203;
    public static final int KVM_CAP_READONLY_MEM = 81;
    public static final int KVM_CAP_X86_DISABLE_EXITS = 143;

    // reasons KVM_RUN returns
    public static final int KVM_EXIT_UNKNOWN = 0;
    public static final int KVM_EXIT_IO = 2;
    public static final int KVM_EXIT_HLT = 5;
    public static final int KVM_EXIT_MMIO = 6;
    public static final int KVM_EXIT_IRQ_WINDOW_OPEN = 7;
    public static final int KVM_EXIT_SHUTDOWN = 8;
    public static final int KVM_EXIT_FAIL_ENTRY = 9;
    public static final int KVM_EXIT_INTR = 10;
    public static final int KVM_EXIT_INTERNAL_ERROR = 17;
    public static final int KVM_EXIT_SYSTEM_EVENT = 24;
    public static final int KVM_EXIT_X86_RDMSR = 29;
    public static final int KVM_EXIT_X86_WRMSR = 30;

    // details and flags
    public static final int KVM_API_VERSION = 12;
    public static final int KVM_EXIT_IO_OUT = 1;
    public static final int KVM_SYSTEM_EVENT_SHUTDOWN = 1;
    public static final int KVM_SYSTEM_EVENT_RESET = 2;
    public static final int KVM_INTERNAL_ERROR_EMULATION = 1;
    public static final int KVM_INTERNAL_ERROR_SIMUL_EX = 2;
    public static final int KVM_INTERNAL_ERROR_DELIVERY_EV = 3;
    public static final int KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON = 4;
    public static final int KVM_MEM_LOG_DIRTY_PAGES = 1;
    public static final int KVM_MEM_READONLY = 2;
    public static final int KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE = 1;
    public static final int KVM_DIRTY_LOG_INITIALLY_SET = 2;
    public static final int KVM_MSR_EXIT_REASON_FILTER = 4;
    public static final int KVM_MSR_FILTER_DEFAULT_ALLOW = 0;
    public static final int KVM_MSR_FILTER_READ = 1;
    public static final int KVM_MSR_FILTER_WRITE = 2;
    public static final int KVM_MSR_FILTER_MAX_RANGES = 16;
    public static final int KVM_VCPU_TSC_CTRL = 0;
    public static final int KVM_VCPU_TSC_OFFSET = 0;
    public static final int KVM_IRQFD_FLAG_DEASSIGN = 1;
    public static final int KVM_IOEVENTFD_FLAG_PIO = 2;
    public static final int KVM_IOEVENTFD_FLAG_DEASSIGN = 4;
    public static final int KVM_IRQ_ROUTING_IRQCHIP = 1;
    public static final int KVM_IRQ_ROUTING_MSI = 2;
    public static final int KVM_IRQCHIP_PIC_MASTER = 0;
    public static final int KVM_IRQCHIP_PIC_SLAVE = 1;
    public static final int KVM_IRQCHIP_IOAPIC = 2;

    private KvmConstants() {}
}
