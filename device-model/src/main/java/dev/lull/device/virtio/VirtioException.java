package dev.lull.device.virtio;

import java.io.Serial;

/** A driver broke the rules of virtio: its device stops until the driver resets it (virtio 1.2 §2.1.1, DEVICE_NEEDS_RESET). */
public final class VirtioException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** @param message what the driver did, in the words of the specification */
    public VirtioException(String message) {
        super(message, null, false, false);
    }
}
