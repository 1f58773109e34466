package dev.lull.agent.cli;

import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.DeviceConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Recognizes a well-formed {@code lull run} and nothing else: whatever is missing, wrong, twice, unknown or asks for help
 * is left to picocli, which knows what to say. {@link RunCommand} is the same command to picocli; a test holds them equal.
 */
final class RunArguments {
    private final String[] arguments;
    private int next = 1;

    private @Nullable String kernel;
    private @Nullable String initrd;
    private @Nullable String commandLine;
    private @Nullable String memory;
    private @Nullable String cpus;
    private @Nullable String statsFile;
    private @Nullable String countersFile;
    private final List<String> disks = new ArrayList<>();
    private final List<String> networks = new ArrayList<>();
    private @Nullable String vsock;
    private @Nullable String rng;
    private @Nullable String balloon;
    private boolean hugePages;
    private boolean stats;
    private boolean bootTimer;
    private boolean debug;

    private RunArguments(String[] arguments) {
        this.arguments = arguments;
    }

    /** What {@code arguments} ask for; null if they are not a well-formed {@code run}. */
    static @Nullable RunOptions parse(String... arguments) {
        if (arguments.length == 0 || !arguments[0].equals("run")) {
            return null;
        }
        return new RunArguments(arguments).options();
    }

    private @Nullable RunOptions options() {
        while (next < arguments.length) {
            if (!takeOption(arguments[next++])) {
                return null;
            }
        }
        if (kernel == null) {
            return null;
        }
        try {
            return new RunOptions(
                    Path.of(kernel),
                    initrd == null ? null : Path.of(initrd),
                    orElse(commandLine, RunOptions.DEFAULT_COMMAND_LINE),
                    ByteSize.parse(orElse(memory, RunOptions.DEFAULT_MEMORY)),
                    Integer.parseInt(orElse(cpus, RunOptions.DEFAULT_CPUS)),
                    hugePages,
                    List.of(),
                    null,
                    null,
                    devices(),
                    countersFile == null ? null : Path.of(countersFile),
                    stats,
                    statsFile == null ? null : Path.of(statsFile),
                    bootTimer,
                    debug);
        } catch (IllegalArgumentException | ConfigException e) {
            return null;
        }
    }

    /** Takes one option, with its value; false if that is more than meets the eye. */
    private boolean takeOption(String argument) {
        return takeFlag(argument) || takeValue(argument);
    }

    private boolean takeFlag(String argument) {
        switch (argument) {
            case "--rng" -> {
                boolean valueFollows = next < arguments.length && !arguments[next].startsWith("-");
                if (rng != null || valueFollows) {
                    return false;
                }
                rng = "";
            }
            case "--stats" -> stats = true;
            case "--boot-timer" -> bootTimer = true;
            case "--hugepages" -> hugePages = true;
            case "--debug" -> debug = true;
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean takeValue(String argument) {
        int equals = argument.indexOf('=');
        String name = equals < 0 ? argument : argument.substring(0, equals);
        String value = equals >= 0 ? argument.substring(equals + 1) : next < arguments.length ? arguments[next++] : "";
        if (value.isEmpty() || value.charAt(0) == '-') {
            return false;
        }
        String before;
        switch (name) {
            case "--kernel" -> {
                before = kernel;
                kernel = value;
            }
            case "--initrd" -> {
                before = initrd;
                initrd = value;
            }
            case "--cmdline" -> {
                before = commandLine;
                commandLine = value;
            }
            case "--memory" -> {
                before = memory;
                memory = value;
            }
            case "--cpus" -> {
                before = cpus;
                cpus = value;
            }
            case "--stats-file" -> {
                before = statsFile;
                statsFile = value;
            }
            case "--counters-file" -> {
                before = countersFile;
                countersFile = value;
            }
            case "--rng" -> {
                before = rng;
                rng = value;
            }
            case "--vsock" -> {
                before = vsock;
                vsock = value;
            }
            case "--balloon" -> {
                before = balloon;
                balloon = value;
            }
            case "--disk" -> {
                before = null;
                disks.add(value);
            }
            case "--net" -> {
                before = null;
                networks.add(value);
            }
            default -> {
                return false;
            }
        }
        return before == null;
    }

    /** Without devices, none of their classes are loaded. */
    private List<DeviceConfig> devices() {
        DeviceArguments devices = new DeviceArguments(disks, networks, vsock, rng, balloon);
        return devices.isEmpty() ? List.of() : devices.configs();
    }

    private static String orElse(@Nullable String given, String otherwise) {
        return given == null ? otherwise : given;
    }
}
