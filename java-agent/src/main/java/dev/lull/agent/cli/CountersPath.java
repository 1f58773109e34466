package dev.lull.agent.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where a machine's counters file is unless the user says otherwise. */
final class CountersPath {
    private static final Path SYSTEM_DIRECTORY = Path.of("/run");
    private static final String SUFFIX = ".counters";

    private CountersPath() {}

    /**
     * Below the user's directory for such files, or the system's; null if this user may write neither. What is there of
     * processes that were killed is removed.
     */
    static @Nullable Path ofThisProcess(Map<String, String> environment) {
        String users = environment.get("XDG_RUNTIME_DIR");
        Path parent = users == null || users.isEmpty() ? SYSTEM_DIRECTORY : Path.of(users);
        if (!Files.isWritable(parent)) {
            return null;
        }
        Path directory = parent.resolve("lull");
        removeRemains(directory);
        return directory.resolve(ProcessHandle.current().pid() + SUFFIX);
    }

    private static void removeRemains(Path directory) {
        String[] names = directory.toFile().list();
        if (names == null) {
            return;
        }
        for (String name : names) {
            if (name.endsWith(SUFFIX) && isOver(name.substring(0, name.length() - SUFFIX.length()))) {
                // One that may not be removed harms nobody.
                directory.resolve(name).toFile().delete();
            }
        }
    }

    private static boolean isOver(String pid) {
        return !pid.isEmpty()
                && pid.chars().allMatch(digit -> digit >= '0' && digit <= '9')
                && Files.notExists(Path.of("/proc", pid));
    }
}
