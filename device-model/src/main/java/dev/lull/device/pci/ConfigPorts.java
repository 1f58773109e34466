package dev.lull.device.pci;

import dev.lull.device.bus.IoBus;
import dev.lull.device.bus.IoRegion;

/** Configuration mechanism #1 (PCI 3.0 §3.2.2.3.2): an address port of four bytes, then the data port. */
public abstract sealed class ConfigPorts implements IoRegion permits BarePciPorts, PciBus.Ports {
    /** First of the ports. */
    public static final int PORT = 0xCF8;

    /** Bytes of both. */
    public static final int LENGTH_BYTES = 8;

    private static final int DATA = 4;
    private static final int REGISTER_BYTES = 4;
    private static final int ENABLE = 1 << 31;
    private static final int ADDRESS_BITS = 0x80FF_FFFC;

    /** As in hardware there is one for all processors, which agree among themselves. */
    private volatile int address;

    /**
     * What a register holds.
     *
     * @param deviceFunction slot in bits 3 to 7, function in bits 0 to 2
     * @return {@link IoBus#FLOATING} where there is no function
     */
    abstract long readConfig(int bus, int deviceFunction, int offset, int sizeBytes);

    /** Parameters as of {@link #readConfig}. */
    abstract void writeConfig(int bus, int deviceFunction, int offset, int sizeBytes, long value);

    @Override
    public final long read(long offset, int sizeBytes) {
        if (offset < DATA) {
            // Only a read of all four bytes is for the address port.
            return offset == 0 && sizeBytes == REGISTER_BYTES ? address & 0xFFFF_FFFFL : IoBus.FLOATING;
        }
        int lane = (int) offset - DATA;
        int selected = address;
        if ((selected & ENABLE) == 0 || lane + sizeBytes > REGISTER_BYTES) {
            return IoBus.FLOATING;
        }
        return readConfig(busNumber(selected), selected >>> 8 & 0xFF, (selected & 0xFC) + lane, sizeBytes);
    }

    @Override
    public final void write(long offset, int sizeBytes, long value) {
        if (offset < DATA) {
            if (offset == 0 && sizeBytes == REGISTER_BYTES) {
                address = (int) value & ADDRESS_BITS;
            }
            return;
        }
        int lane = (int) offset - DATA;
        int selected = address;
        if ((selected & ENABLE) != 0 && lane + sizeBytes <= REGISTER_BYTES) {
            writeConfig(busNumber(selected), selected >>> 8 & 0xFF, (selected & 0xFC) + lane, sizeBytes, value);
        }
    }

    private static int busNumber(int selected) {
        return selected >>> 16 & 0xFF;
    }
}
