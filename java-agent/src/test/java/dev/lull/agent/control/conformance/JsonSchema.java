package dev.lull.agent.control.conformance;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Checks values against JSON Schema 2020-12, as far as Lull's API description uses it; a schema that uses more is refused. A
 * number with a fraction, be it zero, is no integer here, as it is none for Lull.
 */
final class JsonSchema {
    private static final Set<String> ANNOTATIONS = Set.of("description", "default", "format");

    private final Map<?, ?> document;

    /** @param document that {@code $ref}s are paths in */
    JsonSchema(Map<?, ?> document) {
        this.document = document;
    }

    /** What is wrong with {@code value}, a line a fault. */
    List<String> faults(@Nullable Object value, Map<?, ?> schema) {
        List<String> faults = new ArrayList<>();
        check(value, schema, "", faults);
        return faults;
    }

    /** What a {@code $ref} means. */
    Map<?, ?> resolved(Map<?, ?> object) {
        if (!(object.get("$ref") instanceof String reference)) {
            return object;
        }
        Object found = JsonPointer.of(document, reference.substring(1));
        if (found instanceof Map<?, ?> target) {
            return target;
        }
        throw new IllegalArgumentException(reference + " leads nowhere");
    }

    private void check(@Nullable Object value, Map<?, ?> schema, String at, List<String> faults) {
        for (Map.Entry<?, ?> keyword : schema.entrySet()) {
            String name = String.valueOf(keyword.getKey());
            if (!ANNOTATIONS.contains(name)) {
                check(value, name, keyword.getValue(), schema, at, faults);
            }
        }
    }

    private void check(
            @Nullable Object value,
            String keyword,
            @Nullable Object argument,
            Map<?, ?> schema,
            String at,
            List<String> faults) {
        switch (keyword) {
            case "$ref" -> check(value, resolved(schema), at, faults);
            case "type" -> require(hasType(value, argument), at + ": is no " + argument, faults);
            case "const" -> require(Objects.equals(value, argument), at + ": is not " + argument, faults);
            case "enum" -> require(list(argument).contains(value), at + ": is none of " + argument, faults);
            case "pattern" ->
                require(
                        !(value instanceof String text)
                                || Pattern.compile(String.valueOf(argument))
                                        .matcher(text)
                                        .find(),
                        at + ": does not match " + argument,
                        faults);
            case "minimum" -> require(compare(value, argument) >= 0, at + ": is less than " + argument, faults);
            case "maximum" -> require(compare(value, argument) <= 0, at + ": is more than " + argument, faults);
            case "oneOf" -> {
                long fitting = list(argument).stream()
                        .filter(choice -> faults(value, (Map<?, ?>) choice).isEmpty())
                        .count();
                require(fitting == 1, at + ": fits " + fitting + " choices", faults);
            }
            case "items" -> {
                if (value instanceof List<?> elements) {
                    elements.forEach(element -> check(element, (Map<?, ?>) argument, at + "/-", faults));
                }
            }
            case "required" -> {
                if (value instanceof Map<?, ?> members) {
                    list(argument).forEach(name -> require(members.containsKey(name), at + ": lacks " + name, faults));
                }
            }
            case "properties" -> {
                if (value instanceof Map<?, ?> members) {
                    ((Map<?, ?>) argument).forEach((name, property) -> {
                        if (members.containsKey(name)) {
                            check(members.get(name), (Map<?, ?>) property, at + "/" + name, faults);
                        }
                    });
                }
            }
            case "additionalProperties" -> checkAdditional(value, argument, schema, at, faults);
            default -> throw new IllegalArgumentException("this checks no " + keyword);
        }
    }

    private void checkAdditional(
            @Nullable Object value, @Nullable Object argument, Map<?, ?> schema, String at, List<String> faults) {
        if (!(value instanceof Map<?, ?> members)) {
            return;
        }
        Map<?, ?> known = schema.get("properties") instanceof Map<?, ?> properties ? properties : Map.of();
        members.forEach((name, member) -> {
            if (!known.containsKey(name)) {
                if (argument instanceof Map<?, ?> allowed) {
                    check(member, allowed, at + "/" + name, faults);
                } else {
                    require(Boolean.TRUE.equals(argument), at + ": has " + name, faults);
                }
            }
        });
    }

    private static boolean hasType(@Nullable Object value, @Nullable Object type) {
        if (type instanceof List<?> types) {
            return types.stream().anyMatch(one -> hasType(value, one));
        }
        return switch (String.valueOf(type)) {
            case "null" -> value == null;
            case "boolean" -> value instanceof Boolean;
            case "integer" -> value instanceof Long || value instanceof BigInteger;
            case "number" -> value instanceof Number;
            case "string" -> value instanceof String;
            case "array" -> value instanceof List;
            case "object" -> value instanceof Map;
            default -> throw new IllegalArgumentException("there is no type " + type);
        };
    }

    /** 0 if {@code value} is no number. */
    private static int compare(@Nullable Object value, @Nullable Object bound) {
        return value instanceof Number ? new BigDecimal(value.toString()).compareTo(new BigDecimal(bound + "")) : 0;
    }

    private static List<?> list(@Nullable Object argument) {
        return argument instanceof List<?> list ? list : List.of();
    }

    private static void require(boolean holds, String fault, List<String> faults) {
        if (!holds) {
            faults.add(fault);
        }
    }
}
