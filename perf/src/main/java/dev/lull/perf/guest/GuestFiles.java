package dev.lull.perf.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the Debian guest of the lab's set-up is booted from.
 *
 * @param directory has its kernel and initrd, in memory, where no disk delays them
 * @param root its disk
 */
public record GuestFiles(Path directory, Path root) implements AutoCloseable {
    private static final Path MEMORY = Path.of("/dev/shm");
    private static final String KERNEL = "vmlinuz";
    private static final String INITRD = "quick";

    /**
     * Copies them.
     *
     * @throws IOException if they cannot be had
     */
    public static GuestFiles copied() throws IOException {
        Path files = Path.of(System.getenv("LULL_CACHE"), "guest");
        Path directory = Files.createTempDirectory(MEMORY, "lull-guest.");
        Files.copy(files.resolve("debian").resolve(KERNEL), directory.resolve(KERNEL));
        Files.copy(files.resolve(INITRD), directory.resolve(INITRD));
        return new GuestFiles(directory, files.resolve("debian/disk.img"));
    }

    /** The kernel's image. */
    public Path kernel() {
        return directory.resolve(KERNEL);
    }

    /** The initrd that runs commands. */
    public Path initrd() {
        return directory.resolve(INITRD);
    }

    @Override
    public void close() throws IOException {
        Files.delete(kernel());
        Files.delete(initrd());
        Files.delete(directory);
    }
}
