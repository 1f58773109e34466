package dev.lull.agent.control.daemon;

import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a virtual machine has on the host's file system while it is known to the daemon. */
final class VmDirectory {
    private static final String STATE = "state.json";

    private final Path path;

    /** @param path the directory itself */
    VmDirectory(Path path) {
        this.path = path;
    }

    /** The machine's own API. */
    Path apiSocket() {
        return path.resolve("api.sock");
    }

    /** The guest's serial console. */
    Path consoleSocket() {
        return path.resolve("console.sock");
    }

    /** Its counters while it runs. */
    Path countersFile() {
        return path.resolve("counters");
    }

    /** Makes the directory, if it is not there. */
    void create() throws IOException {
        Files.createDirectories(path);
    }

    /** Writes what must outlive the daemon; whoever reads it finds the old or the new. */
    void save(Map<String, @Nullable Object> state) {
        Path temporary = path.resolve(STATE + ".new");
        try {
            Files.write(temporary, Json.bytes(state));
            Files.move(temporary, path.resolve(STATE), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + temporary, e);
        }
    }

    /** What was written last; null if nothing that can be read. */
    @Nullable
    Map<?, ?> load() {
        try {
            return Json.parse(Files.readAllBytes(path.resolve(STATE))) instanceof Map<?, ?> state ? state : null;
        } catch (IOException | JsonFormatException e) {
            return null;
        }
    }

    /** Removes the directory and all in it. */
    void delete() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            return;
        }
        Files.deleteIfExists(path);
    }
}
