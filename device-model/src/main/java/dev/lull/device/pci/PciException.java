package dev.lull.device.pci;

import java.io.Serial;

/** A function that cannot be plugged: no slot or no addresses are left for it. */
public final class PciException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    PciException(String message) {
        super(message);
    }
}
