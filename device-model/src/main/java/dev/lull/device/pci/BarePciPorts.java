package dev.lull.device.pci;

import dev.lull.device.bus.IoBus;

/**
 * The configuration ports of a machine without devices: there is a host bridge in slot 0, and nothing else.
 *
 * <p>Linux takes the ports for usable when it finds a host bridge, and calls the lack of any way to configuration space fatal
 * on its console ({@code arch/x86/pci/direct.c} and {@code init.c}). It scans a bus only where ACPI has one.
 */
public final class BarePciPorts extends ConfigPorts {
    private static final int REGISTER_MASK = 3;
    private static final int CLASS_REGISTER = 8;

    /** Of Red Hat's for virtual machines: a generic PCI Express host bridge, which needs no driver. */
    private static final int VENDOR_AND_DEVICE = 0x0008_1B36;

    private static final int CLASS_AND_REVISION = 0x06_00_00_00;

    /** The ports as they are after a reset. */
    public BarePciPorts() {}

    @Override
    long readConfig(int bus, int deviceFunction, int offset, int sizeBytes) {
        if (bus != 0 || deviceFunction != 0) {
            return IoBus.FLOATING;
        }
        return register(offset & ~REGISTER_MASK) >>> ((offset & REGISTER_MASK) * Byte.SIZE);
    }

    private static long register(int number) {
        return switch (number) {
            case 0 -> VENDOR_AND_DEVICE;
            case CLASS_REGISTER -> CLASS_AND_REVISION;
            default -> 0;
        };
    }

    @Override
    void writeConfig(int bus, int deviceFunction, int offset, int sizeBytes, long value) {
        // All there is is read-only.
    }
}
