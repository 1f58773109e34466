package dev.lull.device.pci;

/** The lists of capabilities in a configuration space, in the order they are added. */
public final class CapabilityChain {
    /** Where extended capabilities begin (PCIe 5.0 §7.6.1). */
    static final int EXTENDED_START = 0x100;

    private static final int HEADER_BYTES = 2;
    private static final int NEXT = 1;
    private static final int EXTENDED_NEXT_SHIFT = 20;
    private static final int EXTENDED_VERSION_SHIFT = 16;

    private final ConfigSpace config;
    private int free = PciHeader.LENGTH_BYTES;
    private int last;
    private int extendedFree = EXTENDED_START;
    private int extendedLast;

    CapabilityChain(ConfigSpace config) {
        this.config = config;
    }

    /**
     * Appends a capability (PCI 3.0 §6.7): its id and link are written, the rest is 0 and read-only.
     *
     * @param lengthBytes of all of it, at least the 2 of its id and link
     * @return its offset, a multiple of 4
     */
    public int add(int id, int lengthBytes) {
        int at = claim(free, Math.max(lengthBytes, HEADER_BYTES), EXTENDED_START);
        free = align(at + lengthBytes);
        config.set(at, 1, id);
        if (last == 0) {
            config.set(PciHeader.CAPABILITIES_POINTER, 1, at);
            config.set(PciHeader.STATUS, 2, config.get(PciHeader.STATUS, 2) | PciHeader.STATUS_CAPABILITIES);
        } else {
            config.set(last + NEXT, 1, at);
        }
        last = at;
        return at;
    }

    /**
     * Appends an extended capability (PCIe 5.0 §7.6.3): its header is written, the rest is 0 and read-only.
     *
     * @param version 0 to 15
     * @param lengthBytes of all of it, with the 4 of its header
     * @return its offset, a multiple of 4
     */
    public int addExtended(int id, int version, int lengthBytes) {
        int at = claim(extendedFree, Math.max(lengthBytes, 4), ConfigSpace.SIZE_BYTES);
        extendedFree = align(at + lengthBytes);
        config.set(at, 4, id | (long) version << EXTENDED_VERSION_SHIFT);
        if (extendedLast != 0) {
            config.set(extendedLast, 4, config.get(extendedLast, 4) | (long) at << EXTENDED_NEXT_SHIFT);
        }
        extendedLast = at;
        return at;
    }

    private static int claim(int at, int lengthBytes, int end) {
        if (at + lengthBytes > end) {
            throw new IllegalStateException("no room for a capability of %d bytes".formatted(lengthBytes));
        }
        return at;
    }

    private static int align(int offset) {
        return (offset + 3) & ~3;
    }
}
