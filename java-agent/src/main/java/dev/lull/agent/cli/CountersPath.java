package dev.lull.agent.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where a machine's counters file is unless the user says otherwise. */
final class CountersPath {
    private static final Path SYSTEM_DIRECTORY = Path.of("/run");

    private CountersPath() {}

    /** Below the user's directory for such files, or the system's; null if this user may write neither. */
    static @Nullable Path ofThisProcess(Map<String, String> environment) {
        String users = environment.get("XDG_RUNTIME_DIR");
        Path directory = users == null || users.isEmpty() ? SYSTEM_DIRECTORY : Path.of(users);
        return Files.isWritable(directory)
                ? directory.resolve("lull").resolve(ProcessHandle.current().pid() + ".counters")
                : null;
    }
}
