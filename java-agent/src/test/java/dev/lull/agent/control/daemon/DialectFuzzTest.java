package dev.lull.agent.control.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lull.agent.control.log.ServiceLoggers;
import dev.lull.device.fuzz.SeededFuzz;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

/** No request does harm to the host's API or to a machine's; see {@link DialectFuzzTarget}. */
@Requires(Facility.ROOT)
class DialectFuzzTest {
    private static final int INPUT_BYTES = 18;
    private static final long SETTLE_NANOS = 10_000_000_000L;

    /** In memory, as {@code /run} is. */
    @TempDir(factory = InMemory.class)
    private static Path directory;

    private static @Nullable DialectFuzzTarget guided;

    @BeforeAll
    static void logOnlyFaults() {
        ServiceLoggers.setLevels("error");
    }

    @AfterAll
    static void logAsUsual() throws IOException, InterruptedException {
        ServiceLoggers.setLevels("info");
        if (guided != null) {
            guided.close();
        }
    }

    /** {@code JAZZER_FUZZ=1} searches; otherwise what was found before is tried again. */
    @FuzzTest
    void guided(byte[] input) throws IOException, InterruptedException {
        if (guided == null) {
            guided = target();
        }
        guided.runAlone(input);
    }

    @Test
    void seeded() throws IOException, InterruptedException {
        // What is loaded once stays.
        target().close();
        Held before = Held.now();
        DialectFuzzTarget target = target();
        try {
            new SeededFuzz("dialect", INPUT_BYTES, List.of()).run(target::run);
            System.out.println("fuzz dialect: " + target.summary());
            assertThat(target.wentDeep()).isTrue();
        } finally {
            target.close();
        }
        long deadlineNanos = System.nanoTime() + SETTLE_NANOS;
        while (Held.now().exceeds(before) && System.nanoTime() < deadlineNanos) {
            Thread.sleep(50);
        }
        assertThat(Held.now().exceeds(before))
                .as("%s, and before %s", Held.now(), before)
                .isFalse();
    }

    private static DialectFuzzTarget target() throws IOException, InterruptedException {
        return new DialectFuzzTarget(Files.createTempDirectory(directory, ""));
    }

    /** Makes directories on a tmpfs. */
    private static final class InMemory implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context) throws IOException {
            return Files.createTempDirectory(Path.of("/dev/shm"), "lull");
        }
    }

    /** Of what a process can run out of. */
    private record Held(List<String> descriptors, int threads) {
        boolean exceeds(Held other) {
            return descriptors.size() > other.descriptors.size() || threads > other.threads;
        }

        static Held now() throws IOException {
            String[] numbers = Path.of("/proc/self/fd").toFile().list();
            return new Held(
                    Stream.of(numbers).map(Held::target).sorted().toList(),
                    ManagementFactory.getThreadMXBean().getThreadCount());
        }

        private static String target(String number) {
            try {
                return Files.readSymbolicLink(Path.of("/proc/self/fd", number)).toString();
            } catch (IOException e) {
                return "closed";
            }
        }
    }
}
