package dev.lull.device.legacy;

import dev.lull.device.bus.IoBus;
import dev.lull.device.bus.IoRegion;

/**
 * PCI's configuration mechanism #1 (PCI 3.0 §3.2.2.3.2) of a machine without devices: there is a host bridge in slot 0, and
 * nothing else.
 *
 * <p>Linux takes the mechanism for usable when it finds a host bridge, and calls the lack of any mechanism fatal on its
 * console ({@code arch/x86/pci/direct.c} and {@code init.c}). It scans a bus only where ACPI has one.
 */
public final class BarePciPorts implements IoRegion {
    /** First port: the address port, of four bytes. The data port follows. */
    public static final int PORT = 0xCF8;

    /** Bytes of both ports. */
    public static final int LENGTH_BYTES = 8;

    private static final int DATA = 4;
    private static final int REGISTER_BYTES = 4;
    private static final int ENABLE = 1 << 31;
    private static final int REGISTER_BITS = 0xFC;
    private static final int ADDRESS_BITS = ENABLE | 0xFF_FF00 | REGISTER_BITS;

    private static final int CLASS_REGISTER = 8;

    /** Of Red Hat's for virtual machines: a generic PCI Express host bridge, which needs no driver. */
    private static final int VENDOR_AND_DEVICE = 0x0008_1B36;

    private static final int CLASS_AND_REVISION = 0x06_00_00_00;

    /** As in hardware there is one for all processors, which agree among themselves. */
    private volatile int address;

    /** The ports as they are after a reset. */
    public BarePciPorts() {}

    @Override
    public long read(long offset, int sizeBytes) {
        if (offset < DATA) {
            // Only a read of all four bytes is for the address port.
            return offset == 0 && sizeBytes == REGISTER_BYTES ? address & 0xFFFF_FFFFL : IoBus.FLOATING;
        }
        int lane = (int) offset - DATA;
        int selected = address;
        if ((selected & ~REGISTER_BITS) != ENABLE || lane + sizeBytes > REGISTER_BYTES) {
            return IoBus.FLOATING;
        }
        return register(selected & REGISTER_BITS) >>> (lane * Byte.SIZE);
    }

    private static long register(int number) {
        return switch (number) {
            case 0 -> VENDOR_AND_DEVICE;
            case CLASS_REGISTER -> CLASS_AND_REVISION;
            default -> 0;
        };
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        if (offset == 0 && sizeBytes == REGISTER_BYTES) {
            address = (int) value & ADDRESS_BITS;
        }
    }
}
