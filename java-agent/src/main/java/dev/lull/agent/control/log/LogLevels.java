package dev.lull.agent.control.log;

import dev.lull.agent.machine.ConfigException;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which logger logs how much: {@code info}, or {@code info,io.netty=warn}. The longest name that a logger's begins with decides.
 *
 * @param root where none does
 * @param byName of a logger or a package
 */
record LogLevels(LogLevel root, Map<String, LogLevel> byName) {
    static final LogLevels DEFAULT = new LogLevels(LogLevel.INFO, Map.of("io.netty", LogLevel.WARN));

    /** @throws ConfigException if that is none, with a line for the user */
    static LogLevels parse(String text) {
        LogLevel root = DEFAULT.root;
        Map<String, LogLevel> byName = new TreeMap<>(DEFAULT.byName);
        for (String part : text.split(",", -1)) {
            int equals = part.indexOf('=');
            LogLevel level = level(part.substring(equals + 1).strip(), text);
            if (equals < 0) {
                root = level;
            } else {
                byName.put(part.substring(0, equals).strip(), level);
            }
        }
        return new LogLevels(root, byName);
    }

    private static LogLevel level(String name, String text) {
        try {
            return LogLevel.of(name);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(
                    "log level '" + text + "': '" + name
                            + "' is none; write error, warn, info, debug, trace or off, and for one package: info,io.netty=debug");
        }
    }

    LogLevel of(String logger) {
        for (String name = logger; !name.isEmpty(); name = name.substring(0, Math.max(0, name.lastIndexOf('.')))) {
            LogLevel level = byName.get(name);
            if (level != null) {
                return level;
            }
        }
        return root;
    }
}
