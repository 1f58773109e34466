package dev.lull.device.pci;

/** A base address register (PCI 3.0 §6.2.5.1): its bits in configuration space, and the region behind it. */
final class Bar {
    /** No address at all. */
    static final long NOWHERE = -1;

    private static final int REGISTER_BYTES = 4;

    private final ConfigSpace config;
    private final BarKind kind;
    private final int offset;
    private final long sizeBytes;
    private final BarRegion region;

    /** Where the guest wants it; NOWHERE while it does not decode. Guarded by the {@link AddressDecoder}. */
    long wanted = NOWHERE;

    /** Whether it is on the bus at {@link #wanted}. Guarded by the {@link AddressDecoder}. */
    boolean placed;

    Bar(ConfigSpace config, int index, BarKind kind, long sizeBytes, BarRegion region) {
        boolean fits = index >= 0 && index + kind.registers() <= PciHeader.BAR_COUNT;
        long limit = kind.registers() == 1 ? 1L << 31 : 1L << 62;
        if (!fits || Long.bitCount(sizeBytes) != 1 || sizeBytes < kind.minimumBytes() || sizeBytes > limit) {
            throw new IllegalArgumentException(
                    "no base address register %d of %s and 0x%x bytes".formatted(index, kind, sizeBytes));
        }
        this.config = config;
        this.kind = kind;
        this.offset = PciHeader.BARS + REGISTER_BYTES * index;
        this.sizeBytes = sizeBytes;
        this.region = region;
        // Address bits below the size read as 0 whatever is written: so a guest finds the size (PCI 3.0 §6.2.5.1).
        config.allowWrite(offset, registerBytes(), -sizeBytes);
        config.set(offset, registerBytes(), kind.flags());
    }

    BarKind kind() {
        return kind;
    }

    int offset() {
        return offset;
    }

    int registerBytes() {
        return REGISTER_BYTES * kind.registers();
    }

    long sizeBytes() {
        return sizeBytes;
    }

    BarRegion region() {
        return region;
    }

    /** The address the register holds; negative only if a guest wrote a 64-bit one that is out of this world. */
    long address() {
        return config.get(offset, registerBytes()) & -sizeBytes;
    }

    void setAddress(long address) {
        config.set(offset, registerBytes(), address | kind.flags());
    }

    /** The address, if the command register lets it decode. */
    long decodedAddress() {
        boolean decodes = (config.get(PciHeader.COMMAND, 2) & kind.commandBit()) != 0;
        return decodes ? address() : NOWHERE;
    }
}
