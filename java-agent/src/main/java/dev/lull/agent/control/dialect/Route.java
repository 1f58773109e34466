package dev.lull.agent.control.dialect;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request's path, segment by segment, as Firecracker cuts it: no segment is empty but in the middle. */
final class Route {
    private final Iterator<String> segments;

    Route(String path) {
        List<String> parts =
                new ArrayList<>(List.of(path.replaceFirst("^/+", "").split("/", -1)));
        if (parts.getLast().isEmpty()) {
            parts.removeLast();
        }
        segments = parts.iterator();
    }

    /** The next segment, or null at the end. */
    @Nullable
    String next() {
        return segments.hasNext() ? segments.next() : null;
    }

    /** The next segment as the id of a device. */
    String id() {
        String id = next();
        if (id == null || id.isEmpty()) {
            throw new RefusalException("The ID cannot be empty.");
        }
        if (!isId(id)) {
            throw new RefusalException("API Resource IDs can only contain alphanumeric characters and underscores.");
        }
        return id;
    }

    static boolean isId(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c == '_' || (c < 128 && Character.isLetterOrDigit(c)));
    }
}
