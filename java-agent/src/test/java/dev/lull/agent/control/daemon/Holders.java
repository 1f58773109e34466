package dev.lull.agent.control.daemon;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Other processes that have files below a directory open, mapped or on their command line. */
public final class Holders {
    private Holders() {}

    /** A line for each of them. */
    public static List<String> of(Path directory) throws IOException {
        String name = directory.toString();
        List<String> holders = new ArrayList<>();
        ProcessHandle.allProcesses()
                .filter(process -> process.pid() != ProcessHandle.current().pid())
                .forEach(process -> {
                    Path proc = Path.of("/proc", Long.toString(process.pid()));
                    if (contains(proc.resolve("cmdline"), name)
                            || contains(proc.resolve("maps"), name)
                            || opened(proc.resolve("fd"), name)) {
                        holders.add(process.pid() + " "
                                + process.info().commandLine().orElse(""));
                    }
                });
        return holders;
    }

    private static boolean contains(Path file, String name) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).contains(name);
        } catch (IOException e) {
            return false; // It is gone, or a kernel thread.
        }
    }

    private static boolean opened(Path descriptors, String name) {
        try (Stream<Path> all = Files.list(descriptors)) {
            for (Path descriptor : all.toList()) {
                if (Files.readSymbolicLink(descriptor).toString().startsWith(name)) {
                    return true;
                }
            }
        } catch (IOException e) {
            return false; // It is gone.
        }
        return false;
    }
}
