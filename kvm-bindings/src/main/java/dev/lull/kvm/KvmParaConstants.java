package dev.lull.kvm;

import dev.lull.linux.CConstants;

/** Numbers of {@code asm/kvm_para.h}, by their C names: what KVM and its guests have agreed upon. */
@CConstants("asm/kvm_para.h")
public final class KvmParaConstants {
    // bits of leaf 0x40000001, EAX
    public static final int KVM_FEATURE_CLOCKSOURCE = 0;
    public static final int KVM_FEATURE_CLOCKSOURCE2 = 3;
    public static final int KVM_FEATURE_CLOCKSOURCE_STABLE_BIT = 24;

    // model-specific registers
    public static final int MSR_KVM_WALL_CLOCK = 0x11;
    public static final int MSR_KVM_SYSTEM_TIME = 0x12;
    public static final int MSR_KVM_WALL_CLOCK_NEW = 0x4b564d00;
    public static final int MSR_KVM_SYSTEM_TIME_NEW = 0x4b564d01;

    private KvmParaConstants() {}
}
