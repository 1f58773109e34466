package dev.lull.device.pci;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Addresses that base address registers may claim.
 *
 * @param start first address
 * @param lengthBytes more than 0; the window ends within 63 bits
 */
public record AddressWindow(long start, long lengthBytes) {
    /** Refuses what is no window. */
    public AddressWindow {
        if (start < 0 || lengthBytes <= 0 || start > Long.MAX_VALUE - lengthBytes) {
            throw new IllegalArgumentException("no address window: 0x%x+0x%x".formatted(start, lengthBytes));
        }
    }

    long end() {
        return start + lengthBytes;
    }

    /** Whether the window holds {@code [address, address + sizeBytes)}. */
    boolean holds(long address, long sizeBytes) {
        return address >= start && address <= end() - sizeBytes;
    }

    boolean overlaps(AddressWindow other) {
        return start < other.end() && other.start < end();
    }

    /**
     * The first multiple of {@code sizeBytes} where that many bytes are free; −1 if there is none.
     *
     * @param sizeBytes a power of two
     * @param taken what is not free
     */
    long firstFree(long sizeBytes, List<AddressWindow> taken) {
        long address = align(start, sizeBytes);
        while (holds(address, sizeBytes)) {
            AddressWindow obstacle = obstacle(new AddressWindow(address, sizeBytes), taken);
            if (obstacle == null) {
                return address;
            }
            address = align(obstacle.end(), sizeBytes);
        }
        return -1;
    }

    private static @Nullable AddressWindow obstacle(AddressWindow wanted, List<AddressWindow> taken) {
        for (AddressWindow window : taken) {
            if (window.overlaps(wanted)) {
                return window;
            }
        }
        return null;
    }

    /** Negative if there is no such address below 2^63. */
    private static long align(long address, long sizeBytes) {
        return (address + sizeBytes - 1) & -sizeBytes;
    }
}
