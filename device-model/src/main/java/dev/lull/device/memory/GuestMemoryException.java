package dev.lull.device.memory;

import java.io.Serial;

/** A guest-physical range that is not, or not wholly, guest RAM. */
public final class GuestMemoryException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    GuestMemoryException(long gpa, long lengthBytes) {
        super("guest range 0x%x+0x%x is not RAM".formatted(gpa, lengthBytes));
    }
}
