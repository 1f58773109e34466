package dev.lull.agent.boot;

import dev.lull.device.legacy.I8042;

/** AML of the devices that only ACPI can tell a guest of, for {@link Platform#acpiDevices}. */
public final class AcpiDevices {
    private static final int COM1_PORT = 0x3f8;
    private static final int COM1_PORTS = 8;
    private static final int COM1_GSI = 4;
    private static final int NOTIFY_PRESSED = 0x80;

    private AcpiDevices() {}

    /** COM1: a 16550 at ports 0x3f8 to 0x3ff with GSI 4, edge triggered. */
    public static byte[] com1() {
        return Aml.device(
                "COM1",
                Aml.name("_HID", Aml.eisaId("PNP0501")),
                Aml.name("_UID", Aml.integer(1)),
                Aml.name("_DDN", Aml.string("COM1")),
                Aml.name(
                        "_CRS",
                        AmlResource.template(
                                AmlResource.ioPorts(COM1_PORT, COM1_PORTS), AmlResource.edgeInterrupt(COM1_GSI))));
    }

    /** The keyboard behind an 8042 at ports 0x60 and 0x64 with GSI 1, edge triggered. */
    static byte[] keyboard() {
        return Aml.device(
                "KBD",
                Aml.name("_HID", Aml.eisaId("PNP0303")),
                Aml.name(
                        "_CRS",
                        AmlResource.template(
                                AmlResource.ioPorts(I8042.PORT, 1),
                                AmlResource.ioPorts(I8042.PORT + I8042.LENGTH_BYTES - 1, 1),
                                AmlResource.edgeInterrupt(I8042.KEYBOARD_GSI))));
    }

    /**
     * A power button that reads its state, 1 once after a press, from 32 bits at {@code gpa}. {@link #powerButtonEvent} is
     * what its interrupt means (ACPI 6.4 §4.8.2.2.1.2, "control method power button").
     */
    static byte[] powerButton(long gpa) {
        return Aml.device(
                "PWRB",
                Aml.name("_HID", Aml.eisaId("PNP0C0C")),
                Aml.memoryRegion("PREG", gpa, Integer.BYTES),
                Aml.doubleWordFields("PREG", "PRSD"));
    }

    /** Tells the guest that the power button was pressed, if it was. */
    static byte[] powerButtonEvent() {
        return Aml.ifAnyBit(
                Aml.reference("\\_SB.PWRB.PRSD"), Aml.integer(1), Aml.notifyOf("\\_SB.PWRB", NOTIFY_PRESSED));
    }
}
