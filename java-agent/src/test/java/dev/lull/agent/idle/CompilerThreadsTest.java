package dev.lull.agent.idle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.linux.NativeThread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Of this JVM's own compilers. */
class CompilerThreadsTest {
    /** Which word of {@code /proc/PID/stat} it is after the name, proc(5). */
    private static final int NICE_AFTER_NAME = 16;

    private final BitSet all = NativeThread.affinity();

    @Test
    void theyGiveWayToGuestsAndKeepOffTheirCpus() throws IOException {
        BitSet one = new BitSet();
        one.set(all.nextSetBit(0));
        CompilerThreads.keepTo(one);
        List<Path> compilers = compilers();
        assertThat(compilers).isNotEmpty();
        for (Path thread : compilers) {
            String stat = Files.readString(thread.resolve("stat"));
            assertThat(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[NICE_AFTER_NAME])
                    .isEqualTo("19");
            assertThat(Files.readAllLines(thread.resolve("status")))
                    .contains("Cpus_allowed_list:\t" + one.nextSetBit(0));
        }
    }

    @AfterEach
    void letThemGo() {
        CompilerThreads.keepTo(all);
    }

    private static List<Path> compilers() throws IOException {
        try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
            return threads.filter(CompilerThreadsTest::compiles).toList();
        }
    }

    private static boolean compiles(Path thread) {
        try {
            return Files.readString(thread.resolve("comm")).matches("C[12] Compiler.*\\R");
        } catch (IOException e) {
            return false;
        }
    }
}
