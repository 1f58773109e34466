package dev.lull.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.lull.testing.Facility;
import dev.lull.testing.PayloadGuest;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The ways into a guest cost no heap, and the right one is chosen. */
class VcpuEntryTest {
    private static final int ROUNDS = 8;
    private static final int EXITS = 100_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Prints the kind a fresh process chooses. */
    static final class PrintKind {
        private PrintKind() {}

        public static void main(String[] args) {
            System.out.print(VcpuEntry.kind());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Requires(Facility.KVM)
    void anExitAllocatesNothing(VcpuEntry.Kind kind) throws IOException {
        try (PayloadGuest guest = new PayloadGuest("exit")) {
            VcpuEntry entry = guest.entry(kind);
            guest.kick().begin();
            // While the JIT compiler still replaces code, a round may allocate a few bytes once; it comes to an end.
            long allocated = Long.MAX_VALUE;
            for (int round = 0; round < ROUNDS && allocated > 0; round++) {
                long before = THREADS.getCurrentThreadAllocatedBytes();
                long ports = exits(entry, EXITS);
                allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
                assertThat(ports).isEqualTo(0x10L * EXITS);
            }
            guest.kick().end();
            assertThat(allocated).isZero();
        }
    }

    @Test
    void theNativeCoreIsChosenWhereItLoads(@TempDir Path directory) throws Exception {
        Path broken = Files.writeString(directory.resolve("libbroken.so"), "not a library");
        assertThat(kindWith(System.getProperty(VcpuEntry.LIBRARY_PROPERTY))).isEqualTo("CORE");
        assertThat(kindWith(broken.toString())).isEqualTo("FFM");
        assertThat(kindWith(directory.resolve("missing.so").toString())).isEqualTo("FFM");
        assertThat(kindWith("")).isEqualTo("FFM");
    }

    private static long exits(VcpuEntry entry, int count) {
        long ports = 0;
        for (int i = 0; i < count; i++) {
            long exit = entry.run();
            if (!VcpuExit.isPortWrite(exit)) {
                throw new AssertionError("exit " + VcpuExit.reason(exit));
            }
            ports += VcpuExit.port(exit) + (VcpuExit.value(exit) & 0);
        }
        return ports;
    }

    private static String kindWith(String library) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-D" + VcpuEntry.LIBRARY_PROPERTY + "=" + library,
                        PrintKind.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output.substring(output.lastIndexOf('\n') + 1); // The JVM may have warned of the broken library.
    }
}
