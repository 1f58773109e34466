package dev.lull.agent.cli.host;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The files by which Linux tells of itself, below a root that a test may choose. */
public final class HostFiles {
    private final Path root;

    HostFiles(Path root) {
        this.root = root;
    }

    /** This host's own. */
    public static HostFiles ofThisHost() {
        return new HostFiles(Path.of("/"));
    }

    /** The text of a file without the space around it; empty where it is missing. */
    String text(String path) {
        try {
            return Files.readString(root.resolve(path)).strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** What follows {@code name} and a colon on the first line of a file that starts so; empty without one. */
    String field(String path, String name) {
        for (String line : text(path).split("\n", -1)) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).strip().equals(name)) {
                return line.substring(colon + 1).strip();
            }
        }
        return "";
    }

    /** The number {@link #field} starts with; 0 without one. */
    long number(String path, String name) {
        return leadingNumber(field(path, name));
    }

    /** The number a text starts with; 0 without one. */
    static long leadingNumber(String text) {
        int end = 0;
        while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
            end++;
        }
        return end == 0 || end > 18 ? 0 : Long.parseLong(text.substring(0, end));
    }

    boolean exists(String path) {
        return Files.exists(root.resolve(path));
    }

    /** How many entries a directory has; 0 where it is missing. */
    int entries(String directory) {
        int count = 0;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root.resolve(directory))) {
            for (Path entry : entries) {
                count += entry.getFileName() == null ? 0 : 1;
            }
        } catch (IOException e) {
            return 0;
        }
        return count;
    }

    /** Whether the processor says that it has {@code flag}. */
    boolean hasProcessorFlag(String flag) {
        return (" " + field("proc/cpuinfo", "flags") + " ").contains(" " + flag + " ");
    }
}
