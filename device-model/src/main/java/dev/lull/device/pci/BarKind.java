package dev.lull.device.pci;

/** The address space and width of a base address register (PCI 3.0 §6.2.5.1). */
public enum BarKind {
    MEMORY_32(0b0000, 1),
    MEMORY_64(0b0100, 2),
    MEMORY_64_PREFETCHABLE(0b1100, 2),
    IO(0b01, 1);

    private final int flags;
    private final int registers;

    BarKind(int flags, int registers) {
        this.flags = flags;
        this.registers = registers;
    }

    /** The read-only bits that tell the guest the kind. */
    int flags() {
        return flags;
    }

    /** The number of registers it takes, each of 4 bytes. */
    int registers() {
        return registers;
    }

    /** The bit of the command register that makes it decode. */
    int commandBit() {
        return this == IO ? PciHeader.COMMAND_IO : PciHeader.COMMAND_MEMORY;
    }

    /** The least size, in bytes: what the flags leave of the address. */
    int minimumBytes() {
        return this == IO ? 4 : 16;
    }
}
