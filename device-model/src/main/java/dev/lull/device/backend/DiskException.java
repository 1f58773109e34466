package dev.lull.device.backend;

import java.io.Serial;
import java.nio.file.Path;

/** A disk image that cannot be used; the message is one line for the user: which, why, and what would help. */
public final class DiskException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** @param problem what is the matter with the image at {@code path}, and what would help */
    public DiskException(Path path, String problem) {
        super("disk " + path + ": " + problem);
    }
}
