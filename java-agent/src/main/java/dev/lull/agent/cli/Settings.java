package dev.lull.agent.cli;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an option such as {@code --disk} is told: {@code KEY=VALUE} or {@code FLAG}, one behind the other between commas. */
final class Settings {
    private final String option;
    private final Map<String, String> values = new HashMap<>();

    private Settings(String option) {
        this.option = option;
    }

    /**
     * Reads {@code text}.
     *
     * @param keys known keys that take a value
     * @param flags known keys that take none
     * @throws IllegalArgumentException with a message for the user if it holds anything else, or one key twice
     */
    static Settings parse(String option, String text, List<String> keys, List<String> flags) {
        Settings settings = new Settings(option);
        for (String part : text.split(",", -1)) {
            int equals = part.indexOf('=');
            String key = equals < 0 ? part : part.substring(0, equals);
            String value = equals < 0 ? "" : part.substring(equals + 1);
            boolean known = equals < 0 ? flags.contains(key) : keys.contains(key);
            if (!known) {
                throw settings.refusal("'" + part + "' is not among " + usage(keys, flags));
            }
            if (equals >= 0 && value.isEmpty()) {
                throw settings.refusal(key + "= needs a value");
            }
            if (settings.values.put(key, value) != null) {
                throw settings.refusal(key + " is given twice");
            }
        }
        return settings;
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    @Nullable
    String text(String key) {
        return values.get(key);
    }

    String text(String key, String otherwise) {
        return values.getOrDefault(key, otherwise);
    }

    String required(String key) {
        String value = values.get(key);
        if (value == null) {
            throw refusal(key + "= is missing");
        }
        return value;
    }

    long size(String key) {
        String value = values.get(key);
        if (value == null) {
            return 0;
        }
        try {
            long size = ByteSize.parse(value);
            if (size > 0) {
                return size;
            }
        } catch (IllegalArgumentException e) {
            throw refusal(key + "=: " + e.getMessage());
        }
        throw refusal(key + "= is " + value + "; give more than 0");
    }

    long number(String key, long otherwise) {
        String value = values.get(key);
        try {
            return value == null ? otherwise : Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw refusal(key + "= is '" + value + "', which is no whole number");
        }
    }

    /** What to say of these settings. */
    IllegalArgumentException refusal(String problem) {
        return new IllegalArgumentException(option + ": " + problem);
    }

    private static String usage(List<String> keys, List<String> flags) {
        StringBuilder usage = new StringBuilder();
        keys.forEach(key -> usage.append(", ").append(key).append('='));
        flags.forEach(flag -> usage.append(", ").append(flag));
        return usage.substring(2);
    }
}
