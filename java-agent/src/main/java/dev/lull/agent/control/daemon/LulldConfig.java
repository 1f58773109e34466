package dev.lull.agent.control.daemon;

import dev.lull.agent.machine.ConfigException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/**
 * The daemon's configuration: a file of {@code key = value} lines and {@code #} comments.
 *
 * @param runDirectory for sockets, and what outlives the daemon
 * @param socket the host's API
 * @param socketGroup whose members may use it; empty for the daemon's own group
 * @param logLevel {@code error}, {@code warn}, {@code info}, {@code debug} or {@code trace}
 * @param maxVms how many virtual machines there may be
 * @param maxBodyBytes the longest body of a request
 * @param stopSeconds how long guests may take to turn themselves off when the daemon stops
 */
record LulldConfig(
        Path runDirectory,
        Path socket,
        String socketGroup,
        String logLevel,
        int maxVms,
        int maxBodyBytes,
        int stopSeconds) {
    /** Where it is, unless the command line says otherwise. */
    static final Path DEFAULT_PATH = Path.of("/etc/lull/lulld.conf");

    private static final Set<String> LEVELS = Set.of("error", "warn", "info", "debug", "trace");
    private static final Set<String> KEYS = Set.of(
            "run-directory",
            "socket",
            "socket-group",
            "log-level",
            "max-vms",
            "http-api-max-payload-size",
            "stop-seconds");

    /** What holds where the file says nothing. */
    static final String DEFAULTS = """
            run-directory = /run/lull
            socket = /run/lull/lulld.sock
            socket-group = lull
            log-level = info
            max-vms = 1024
            http-api-max-payload-size = 51200
            stop-seconds = 20
            """;

    /**
     * Reads the file; one that is not there, if {@code optional}, says nothing.
     *
     * @throws ConfigException if it cannot be read, or says what cannot be
     */
    static LulldConfig read(Path path, boolean optional) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(path)) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            if (!optional) {
                throw new ConfigException(path + ": there is no such file");
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new ConfigException(path + ": cannot be read: " + e.getMessage());
        }
        try {
            return of(properties);
        } catch (ConfigException e) {
            throw new ConfigException(path + ": " + e.getMessage());
        }
    }

    private static LulldConfig of(Properties properties) {
        for (Object key : properties.keySet()) {
            if (!KEYS.contains(key)) {
                throw new ConfigException(
                        "unknown key " + key + "; there are " + String.join(", ", new TreeSet<>(KEYS)));
            }
        }
        Path run = Path.of(text(properties, "run-directory", "/run/lull"));
        String level = text(properties, "log-level", "info").toLowerCase(Locale.ROOT);
        if (!LEVELS.contains(level)) {
            throw new ConfigException("log-level " + level + ": write error, warn, info, debug or trace");
        }
        return new LulldConfig(
                run,
                Path.of(text(properties, "socket", run.resolve("lulld.sock").toString())),
                text(properties, "socket-group", "lull"),
                level,
                number(properties, "max-vms", 1024, 1, 100_000),
                number(properties, "http-api-max-payload-size", 51_200, 1024, 64 << 20),
                number(properties, "stop-seconds", 20, 0, 3600));
    }

    private static String text(Properties properties, String key, String otherwise) {
        return properties.getProperty(key, otherwise).strip();
    }

    private static int number(Properties properties, String key, int otherwise, int min, int max) {
        String given = properties.getProperty(key);
        if (given == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(given.strip());
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // As a number out of bounds, below.
        }
        throw new ConfigException("%s %s: write a number from %d to %d".formatted(key, given, min, max));
    }
}
