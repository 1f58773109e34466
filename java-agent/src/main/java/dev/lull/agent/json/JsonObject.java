package dev.lull.agent.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object read member by member, strictly: {@link #end} refuses members nobody asked for, and every value must be of
 * the type it is read as. An optional member that is null counts as absent. Names may be told apart by a message alone.
 */
public final class JsonObject {
    private final Map<?, ?> members;
    private final Set<String> known = new LinkedHashSet<>();

    private JsonObject(Map<?, ?> members) {
        this.members = members;
    }

    /**
     * Begins to read a text.
     *
     * @throws JsonFormatException if it is no object
     */
    public static JsonObject parse(byte[] text) {
        return of(Json.parse(text));
    }

    /**
     * Begins to read a value of {@link Json#parse}.
     *
     * @throws JsonFormatException if it is no object
     */
    public static JsonObject of(@Nullable Object value) {
        if (value instanceof Map<?, ?> members) {
            return new JsonObject(members);
        }
        throw new JsonFormatException("invalid type: " + kind(value) + ", expected an object");
    }

    /** A string that must be there. */
    public String string(String name) {
        return required(name, optionalString(name));
    }

    /** A string, or null. */
    public @Nullable String optionalString(String name) {
        return member(name, String.class, "a string");
    }

    /** One of some strings, which must be there. */
    public String choice(String name, List<String> choices) {
        return required(name, optionalChoice(name, choices));
    }

    /** One of some strings, or null. */
    public @Nullable String optionalChoice(String name, List<String> choices) {
        String chosen = optionalString(name);
        if (chosen != null && !choices.contains(chosen)) {
            throw new JsonFormatException(
                    "%s: unknown variant `%s`, expected %s".formatted(name, chosen, listed(choices)));
        }
        return chosen;
    }

    /** A truth that must be there. */
    public boolean truth(String name) {
        return required(name, optionalTruth(name));
    }

    /** A truth, or null. */
    public @Nullable Boolean optionalTruth(String name) {
        return member(name, Boolean.class, "a boolean");
    }

    /** A truth, which null is not, or what holds if it is absent. */
    public boolean truth(String name, boolean otherwise) {
        if (has(name)) {
            return truth(name);
        }
        known.add(name);
        return otherwise;
    }

    /** One of some strings, which null is not, or what holds if it is absent. */
    public String choice(String name, List<String> choices, String otherwise) {
        if (has(name)) {
            return choice(name, choices);
        }
        known.add(name);
        return otherwise;
    }

    /** A whole number from {@code min} to {@code max} that must be there. */
    public long integer(String name, long min, long max) {
        return required(name, optionalInteger(name, min, max));
    }

    /** A whole number from {@code min} to {@code max}, or null. */
    public @Nullable Long optionalInteger(String name, long min, long max) {
        known.add(name);
        Object value = members.get(name);
        return value == null ? null : integer(name, value, min, max);
    }

    /** A number from {@code min} to {@code max} that must be there. */
    public double number(String name, double min, double max) {
        known.add(name);
        Object value = required(name, members.get(name));
        if (value instanceof Number number && number.doubleValue() >= min && number.doubleValue() <= max) {
            return number.doubleValue();
        }
        throw invalid(name, value, "a number from %s to %s".formatted(min, max));
    }

    /** An object, or null. */
    public @Nullable JsonObject optionalObject(String name) {
        Map<?, ?> object = member(name, Map.class, "an object");
        return object == null ? null : new JsonObject(object);
    }

    /** The objects of an array; none if it is absent. */
    public List<JsonObject> objects(String name) {
        List<?> array = member(name, List.class, "an array");
        List<JsonObject> objects = new ArrayList<>();
        if (array != null) {
            array.forEach(element -> objects.add(of(element)));
        }
        return objects;
    }

    /** An array of strings that must be there. */
    public List<String> strings(String name) {
        List<?> array = required(name, member(name, List.class, "an array"));
        List<String> strings = new ArrayList<>();
        for (Object element : array) {
            strings.add(string(name, element));
        }
        return strings;
    }

    /** An array of whole numbers from {@code min} to {@code max}, or null. */
    public @Nullable List<Integer> optionalIntegers(String name, int min, int max) {
        List<?> array = member(name, List.class, "an array");
        if (array == null) {
            return null;
        }
        List<Integer> integers = new ArrayList<>();
        for (Object element : array) {
            integers.add((int) integer(name, element, min, max));
        }
        return List.copyOf(integers);
    }

    /** An object of strings; empty if it is absent. */
    public Map<String, String> stringMap(String name) {
        Map<?, ?> object = member(name, Map.class, "an object");
        Map<String, String> strings = new LinkedHashMap<>();
        if (object != null) {
            object.forEach((key, value) -> strings.put(String.valueOf(key), string(name, value)));
        }
        return strings;
    }

    /** Whether there is a member {@code name}, be it null. */
    public boolean has(String name) {
        return members.containsKey(name);
    }

    /** Whether there is a member {@code name} that is not null; passes over it. */
    public boolean isSet(String name) {
        known.add(name);
        return members.get(name) != null;
    }

    /** Passes over a member, whatever it is. */
    public void ignore(String name) {
        known.add(name);
    }

    /**
     * All has been read.
     *
     * @throws JsonFormatException if there are members that were not asked for
     */
    public void end() {
        for (Object name : members.keySet()) {
            if (!known.contains(name)) {
                throw new JsonFormatException("unknown field `%s`, expected %s".formatted(name, listed(known)));
            }
        }
    }

    private static long integer(String name, @Nullable Object value, long min, long max) {
        if (value instanceof Long number && number >= min && number <= max) {
            return number;
        }
        throw invalid(name, value, "an integer from %d to %d".formatted(min, max));
    }

    private static JsonFormatException invalid(String name, @Nullable Object value, String expected) {
        String given = value instanceof Number ? "invalid value: " + value : "invalid type: " + kind(value);
        return new JsonFormatException("%s: %s, expected %s".formatted(name, given, expected));
    }

    private <T> @Nullable T member(String name, Class<T> type, String expected) {
        known.add(name);
        Object value = members.get(name);
        if (value == null || type.isInstance(value)) {
            return type.cast(value);
        }
        throw new JsonFormatException("%s: invalid type: %s, expected %s".formatted(name, kind(value), expected));
    }

    private <T> T required(String name, @Nullable T value) {
        if (value == null) {
            throw new JsonFormatException(
                    members.containsKey(name) ? name + ": invalid type: null" : "missing field `%s`".formatted(name));
        }
        return value;
    }

    private static String string(String name, @Nullable Object value) {
        if (value instanceof String string) {
            return string;
        }
        throw new JsonFormatException("%s: invalid type: %s, expected a string".formatted(name, kind(value)));
    }

    private static String listed(Iterable<String> names) {
        List<String> quoted = new ArrayList<>();
        names.forEach(name -> quoted.add("`" + name + "`"));
        return switch (quoted.size()) {
            case 0 -> "no fields";
            case 1 -> quoted.getFirst();
            case 2 -> quoted.getFirst() + " or " + quoted.getLast();
            default -> quoted.stream().collect(Collectors.joining(", ", "one of ", ""));
        };
    }

    private static String kind(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case Map<?, ?> object -> "an object";
            case List<?> array -> "an array";
            case String string -> "string \"" + (string.length() > 40 ? string.substring(0, 40) + "…" : string) + '"';
            case Boolean truth -> "boolean `" + truth + "`";
            default -> "number `" + value + "`";
        };
    }
}
