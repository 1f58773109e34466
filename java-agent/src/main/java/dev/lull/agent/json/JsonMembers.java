package dev.lull.agent.json;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An object for {@link Json#bytes} in the making. */
public final class JsonMembers {
    private final Map<String, @Nullable Object> members = new LinkedHashMap<>();

    /** Adds a member, unless it is null. */
    public JsonMembers with(String name, @Nullable Object value) {
        if (value != null) {
            members.put(name, value);
        }
        return this;
    }

    /** Adds a member, be it null. */
    public JsonMembers withNullable(String name, @Nullable Object value) {
        members.put(name, value);
        return this;
    }

    /** Adds a member, unless it is empty. */
    public JsonMembers withSome(String name, Collection<?> values) {
        return with(name, values.isEmpty() ? null : values);
    }

    /** Adds a member, unless it is empty. */
    public JsonMembers withSome(String name, Map<String, ?> values) {
        return with(name, values.isEmpty() ? null : values);
    }

    /** The object. */
    public Map<String, @Nullable Object> toMap() {
        return members;
    }
}
