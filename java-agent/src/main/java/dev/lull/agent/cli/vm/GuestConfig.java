package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.GuestOptions;
import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonFormatException;
import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.DeviceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A machine's configuration in the form of Firecracker's {@code --config-file}. */
final class GuestConfig {
    private static final long MIB = 1 << 20;
    private static final Set<String> PATHS = Set.of("kernel_image_path", "initrd_path", "path_on_host", "uds_path");

    private GuestConfig() {}

    /**
     * Of what was given on a command line.
     *
     * @throws IllegalArgumentException with a message for the user if this form cannot say it
     */
    static Map<String, @Nullable Object> of(
            Path kernel, GuestOptions guest, @Nullable Long counterHz, List<DeviceConfig> devices) {
        if (guest.memoryBytes() % MIB != 0) {
            throw new IllegalArgumentException("--memory: " + guest.memoryBytes() + " bytes; give whole MiB");
        }
        Path initrd = guest.initrd();
        Map<String, @Nullable Object> config = new JsonMembers()
                .with(
                        "boot-source",
                        new JsonMembers()
                                .with("kernel_image_path", DeviceJson.absolute(kernel))
                                .with("initrd_path", initrd == null ? null : DeviceJson.absolute(initrd))
                                .with("boot_args", guest.commandLine())
                                .toMap())
                .with(
                        "machine-config",
                        new JsonMembers()
                                .with("vcpu_count", guest.cpus())
                                .with("mem_size_mib", guest.memoryBytes() / MIB)
                                .with("huge_pages", guest.hugePages() ? "2M" : null)
                                .withSome("cpu_pins", guest.pins())
                                .with("counter_hz", counterHz)
                                .toMap())
                .toMap();
        DeviceJson.putAll(config, devices);
        return config;
    }

    /**
     * Of a file. Relative paths in it are made absolute, from this process's directory as they would be Firecracker's.
     *
     * @throws ConfigException if it cannot be read
     */
    static @Nullable Object read(Path file) {
        try {
            return withAbsolutePaths(Json.parse(Files.readAllBytes(file)));
        } catch (JsonFormatException e) {
            throw new ConfigException("--config " + file + ": is not JSON: " + e.getMessage());
        } catch (NoSuchFileException e) {
            throw new ConfigException("--config " + file + ": there is no such file");
        } catch (IOException e) {
            throw new ConfigException("--config " + file + ": cannot be read: " + e.getMessage());
        }
    }

    private static @Nullable Object withAbsolutePaths(@Nullable Object value) {
        if (value instanceof Map<?, ?> members) {
            Map<String, @Nullable Object> changed = new LinkedHashMap<>();
            members.forEach((name, member) -> {
                boolean isPath = member instanceof String && PATHS.contains(String.valueOf(name));
                changed.put(
                        String.valueOf(name),
                        isPath ? DeviceJson.absolute(Path.of(String.valueOf(member))) : withAbsolutePaths(member));
            });
            return changed;
        }
        if (value instanceof List<?> elements) {
            List<@Nullable Object> changed = new ArrayList<>();
            elements.forEach(element -> changed.add(withAbsolutePaths(element)));
            return changed;
        }
        return value;
    }
}
