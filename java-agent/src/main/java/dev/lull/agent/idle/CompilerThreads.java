package dev.lull.agent.idle;

import dev.lull.linux.LinuxException;
import dev.lull.linux.NativeThread;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * The threads on which the JVM compiles. To Linux they are as urgent as a guest, and it favours a thread that has slept over a guest
 * that wakes up: on the guest's CPU they make it late by milliseconds.
 */
final class CompilerThreads {
    private static final Path THREADS = Path.of("/proc/self/task");

    /** The least weight: 68 times less than a guest's. With the housekeeper's they still made a guest late by most of 1 ms. */
    private static final int NICE = 19;

    private CompilerThreads() {}

    /**
     * Confines them to {@code cpus}, with little weight, for good. Those that the JVM adds later are started by one of them, and
     * take after it.
     */
    static void keepTo(BitSet cpus) {
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(THREADS)) {
            for (Path thread : threads) {
                if (compiles(thread)) {
                    keepTo(Integer.parseInt(thread.getFileName().toString()), cpus);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void keepTo(int threadId, BitSet cpus) {
        try {
            NativeThread.setAffinity(threadId, cpus);
            NativeThread.setNice(threadId, NICE);
        } catch (LinuxException e) {
            // It ended: the JVM has fewer of them when there is less to compile.
        }
    }

    /** As named in HotSpot's {@code CompileBroker::init_compiler_threads}, of which Linux keeps 15 characters. */
    private static boolean compiles(Path thread) throws IOException {
        String name = threadName(thread);
        return name.startsWith("C1 Compiler") || name.startsWith("C2 Compiler");
    }

    private static String threadName(Path thread) throws IOException {
        Path name = thread.resolve("comm");
        try {
            return Files.readString(name);
        } catch (IOException e) {
            if (Files.exists(name)) {
                throw e;
            }
            return "";
        }
    }
}
