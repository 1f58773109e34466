package dev.lull.device.pci;

import dev.lull.device.bus.IoBus;
import dev.lull.device.bus.IoRegion;

/** Configuration mechanism #1 (PCI 3.0 §3.2.2.3.2): an address port of four bytes, then the data port. */
final class ConfigPorts implements IoRegion {
    private static final int DATA = 4;
    private static final int REGISTER_BYTES = 4;
    private static final int ENABLE = 1 << 31;
    private static final int ADDRESS_BITS = 0x80FF_FFFC;

    private final PciBus bus;

    /** As in hardware there is one for all processors, which agree among themselves. */
    private volatile int address;

    ConfigPorts(PciBus bus) {
        this.bus = bus;
    }

    @Override
    public long read(long offset, int sizeBytes) {
        if (offset < DATA) {
            // Only a read of all four bytes is for the address port.
            return offset == 0 && sizeBytes == REGISTER_BYTES ? address & 0xFFFF_FFFFL : IoBus.FLOATING;
        }
        int lane = (int) offset - DATA;
        int selected = address;
        if ((selected & ENABLE) == 0 || lane + sizeBytes > REGISTER_BYTES) {
            return IoBus.FLOATING;
        }
        return bus.read(busNumber(selected), selected >>> 8 & 0xFF, (selected & 0xFC) + lane, sizeBytes);
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        if (offset < DATA) {
            if (offset == 0 && sizeBytes == REGISTER_BYTES) {
                address = (int) value & ADDRESS_BITS;
            }
            return;
        }
        int lane = (int) offset - DATA;
        int selected = address;
        if ((selected & ENABLE) != 0 && lane + sizeBytes <= REGISTER_BYTES) {
            bus.write(busNumber(selected), selected >>> 8 & 0xFF, (selected & 0xFC) + lane, sizeBytes, value);
        }
    }

    private static int busNumber(int selected) {
        return selected >>> 16 & 0xFF;
    }
}
