package dev.lull.agent.boot;

import java.util.ArrayList;
import java.util.List;

/**
 * Differentiated system description table: how to power off, and the devices of this machine.
 *
 * <p>Source: ACPI 6.4 §5.2.11.1; §7.4.2 for {@code \_S5}.
 */
final class Dsdt {
    /** From 2 on integers have 64 bits. */
    private static final int REVISION = 2;

    private Dsdt() {}

    static byte[] table(Platform platform) {
        List<byte[]> devices = new ArrayList<>(platform.acpiDevices());
        if (platform.keyboard()) {
            devices.add(AcpiDevices.keyboard());
        }
        if (platform.pci() != null) {
            devices.add(platform.pci().aml());
        }
        byte[] zero = Aml.integer(0);
        byte[] powerOff = Aml.name("\\_S5", Aml.packageOf(Aml.integer(Platform.S5_SLEEP_TYPE), zero, zero, zero));
        byte[] body = Aml.concat(powerOff, Aml.scope("\\_SB", devices.toArray(new byte[0][])));
        return new AcpiTable("DSDT", REVISION, AcpiTable.HEADER_BYTES + body.length)
                .bytes(body)
                .finish();
    }
}
