package dev.lull.agent.boot;

/** AML of the devices that only ACPI can tell a guest of, for {@link Platform#acpiDevices}. */
public final class AcpiDevices {
    private static final int COM1_PORT = 0x3f8;
    private static final int COM1_PORTS = 8;
    private static final int COM1_GSI = 4;

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
}
