package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonFormatException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** What bodies have in common. */
final class Bodies {
    static final long MAX_U32 = 0xFFFF_FFFFL;

    private Bodies() {}

    static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new JsonFormatException("not a path: " + e.getReason());
        }
    }
}
