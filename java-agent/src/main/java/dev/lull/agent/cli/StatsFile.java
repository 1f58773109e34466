package dev.lull.agent.cli;

import dev.lull.agent.machine.ConfigException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A file that appears whole or not at all, at a path known to be writable beforehand. */
final class StatsFile {
    private final Path path;
    private final Path temporary;

    private StatsFile(Path path, Path temporary) {
        this.path = path;
        this.temporary = temporary;
    }

    /**
     * Tries that {@code path} can be written, and leaves nothing there yet.
     *
     * @throws ConfigException if it cannot
     */
    static StatsFile at(Path path) {
        try {
            if (Files.exists(path) && !Files.isRegularFile(path)) {
                throw new ConfigException("--stats-file " + path + ": is not a regular file; name one, or a new one");
            }
            // A link stays a link: what it leads to is replaced.
            Path target = Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
            Path temporary = target.resolveSibling(
                    "." + target.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
            Files.createFile(temporary);
            Files.delete(temporary);
            return new StatsFile(target, temporary);
        } catch (IOException e) {
            throw new ConfigException(
                    "--stats-file " + path + ": cannot be written (" + reason(e) + "); name a file that can");
        }
    }

    /**
     * Writes the file.
     *
     * @throws CommandException if that fails; nothing is left then
     */
    void write(byte[] content) {
        try {
            try {
                Files.write(temporary, content, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
                Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                Files.deleteIfExists(temporary);
                throw e;
            }
        } catch (IOException e) {
            throw new CommandException("--stats-file " + path + ": cannot be written (" + reason(e)
                    + "); make room or name another file, and run again");
        }
    }

    private static String reason(IOException failure) {
        return switch (failure) {
            case NoSuchFileException missing -> "its directory is missing";
            case NotDirectoryException file -> "its directory is a file";
            case AccessDeniedException denied -> "permission denied";
            case FileSystemException system when system.getReason() != null -> system.getReason();
            default -> String.valueOf(failure.getMessage());
        };
    }
}
