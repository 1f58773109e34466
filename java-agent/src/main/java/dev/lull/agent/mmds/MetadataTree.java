package dev.lull.agent.mmds;

import dev.lull.agent.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is stored, as values of {@link Json}, members sorted by name. No value changes once it is in a tree. */
final class MetadataTree {
    /**
     * What a pointer names.
     *
     * @param value null as JSON knows it
     */
    record Found(@Nullable Object value) {}

    private MetadataTree() {}

    /** A tree of {@code value}. */
    static @Nullable Object of(@Nullable Object value) {
        return switch (value) {
            case Map<?, ?> members -> {
                Map<String, @Nullable Object> sorted = new TreeMap<>();
                members.forEach((name, member) -> sorted.put(String.valueOf(name), of(member)));
                yield sorted;
            }
            case List<?> elements -> {
                List<@Nullable Object> copy = new ArrayList<>();
                elements.forEach(element -> copy.add(of(element)));
                yield copy;
            }
            case null, default -> value;
        };
    }

    /** The tree that merge patch {@code patch} makes of {@code target} (RFC 7396); no deeper than the deeper of both. */
    static @Nullable Object merge(@Nullable Object target, @Nullable Object patch) {
        if (!(patch instanceof Map<?, ?> changes)) {
            return of(patch);
        }
        Map<String, @Nullable Object> merged = new TreeMap<>();
        if (target instanceof Map<?, ?> old) {
            old.forEach((name, member) -> merged.put(String.valueOf(name), member));
        }
        changes.forEach((key, change) -> {
            String name = String.valueOf(key);
            if (change == null) {
                merged.remove(name);
            } else {
                merged.put(name, merge(merged.get(name), change));
            }
        });
        return merged;
    }

    /** What JSON pointer {@code pointer} (RFC 6901) names in a tree; null if there is nothing. */
    static @Nullable Found find(@Nullable Object root, String pointer) {
        Found found = new Found(root);
        int start = 0;
        while (found != null && start < pointer.length()) {
            if (pointer.charAt(start) != '/') {
                return null;
            }
            int slash = pointer.indexOf('/', start + 1);
            int end = slash < 0 ? pointer.length() : slash;
            String token = pointer.substring(start + 1, end).replace("~1", "/").replace("~0", "~");
            found = child(found.value(), token);
            start = end;
        }
        return found;
    }

    private static @Nullable Found child(@Nullable Object parent, String token) {
        return switch (parent) {
            case Map<?, ?> members when members.containsKey(token) -> new Found(members.get(token));
            case List<?> elements
            when isIndex(token) && Integer.parseInt(token) < elements.size() ->
                new Found(elements.get(Integer.parseInt(token)));
            case null, default -> null;
        };
    }

    /** An index has neither sign nor leading zeros. */
    private static boolean isIndex(String token) {
        return token.matches("0|[1-9][0-9]{0,8}");
    }
}
