package dev.lull.agent.boot;

/**
 * Fixed ACPI description table: a hardware-reduced platform, with a reset register and sleep registers.
 *
 * <p>Source: ACPI 6.4 §5.2.9, table 5.9.
 */
final class Fadt {
    private static final int LENGTH_BYTES = 276;
    private static final int REVISION = 6;
    private static final int MINOR_REVISION = 4;

    private static final int IAPC_BOOT_ARCH = 109;
    private static final int FLAGS = 112;
    private static final int RESET_REG = 116;
    private static final int FADT_MINOR_VERSION = 131;
    private static final int X_DSDT = 140;
    private static final int SLEEP_CONTROL_REG = 244;
    private static final int HYPERVISOR_VENDOR = 268;

    private static final int WBINVD = 1;
    private static final int PWR_BUTTON = 1 << 4;
    private static final int SLP_BUTTON = 1 << 5;
    private static final int RESET_REG_SUP = 1 << 10;
    private static final int HW_REDUCED_ACPI = 1 << 20;

    private static final int KEYBOARD_CONTROLLER = 1 << 1;

    /** Beside these, a bit that stays clear says: MSI permitted. */
    private static final int VGA_NOT_PRESENT = 1 << 2;

    private static final int CMOS_RTC_NOT_PRESENT = 1 << 5;

    private Fadt() {}

    static byte[] table(long dsdtGpa, Platform platform) {
        return new AcpiTable("FACP", REVISION, LENGTH_BYTES)
                .at(IAPC_BOOT_ARCH)
                .u16(VGA_NOT_PRESENT | CMOS_RTC_NOT_PRESENT | (platform.keyboard() ? KEYBOARD_CONTROLLER : 0))
                .at(FLAGS)
                .u32(WBINVD | PWR_BUTTON | SLP_BUTTON | RESET_REG_SUP | HW_REDUCED_ACPI)
                .at(RESET_REG)
                .ioPort(platform.resetPort())
                .u8(platform.resetValue())
                .at(FADT_MINOR_VERSION)
                .u8(MINOR_REVISION)
                .at(X_DSDT)
                .u64(dsdtGpa)
                .at(SLEEP_CONTROL_REG)
                .ioPort(platform.sleepControlPort())
                .ioPort(platform.sleepStatusPort())
                .at(HYPERVISOR_VENDOR)
                .u64(AcpiTable.ascii("LULL"))
                .finish();
    }
}
