package dev.lull.agent.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The program in {@code docs/} that shows the library compiles, and boots a kernel. */
@Requires(Facility.KVM)
class LibraryExampleTest {
    @Test
    void exampleBootsAKernel() throws Exception {
        Path example = Path.of(System.getProperty("lull.root"), "docs", "BootLinux.java");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        example.toString(),
                        Payload.BOOT.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).isEqualTo("lull-payload: running\nthe guest powered off\n");
    }
}
