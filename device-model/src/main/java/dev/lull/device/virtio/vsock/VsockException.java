package dev.lull.device.virtio.vsock;

import java.io.Serial;
import java.nio.file.Path;

/** A socket device that cannot be made; the message is one line for the user: which path, why, and what would help. */
public final class VsockException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    VsockException(Path path, String problem) {
        super("vsock " + path + ": " + problem);
    }
}
