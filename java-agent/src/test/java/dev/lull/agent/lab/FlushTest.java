package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.cli.Lull;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a guest has flushed is in the image, even if Lull is killed at that moment. */
@Tag("lab")
@Timeout(value = 40, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class FlushTest {
    private static final int KILLS = Soak.of(3, 50);
    private static final int MIB = 8;

    @Test
    void whatWasFlushedSurvivesAKill(@TempDir Path directory) throws Exception {
        Path image = DebianGuest.image(directory, "data", MIB);
        for (int kill = 0; kill < KILLS; kill++) {
            String inGuest = flushAndKill(image);
            assertThat(Host.run("sha256sum", image.toString()).split(" ", 2)[0])
                    .as("kill " + kill)
                    .isEqualTo(inGuest);
        }
    }

    /** Kills the process as soon as the guest knows that all it wrote is flushed; the sum of what it wrote. */
    private static String flushAndKill(Path image) throws Exception {
        Process lull = new ProcessBuilder(Lull.command(
                        "run",
                        "--kernel",
                        LabKernels.debian("vmlinuz").toString(),
                        "--initrd",
                        LabKernels.quickInitrd().toString(),
                        "--cmdline",
                        "console=ttyS0 quiet",
                        "--disk",
                        "path=" + LabKernels.debian("disk.img") + ",readonly",
                        "--disk",
                        "path=" + image))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader console =
                new BufferedReader(new InputStreamReader(lull.getInputStream(), StandardCharsets.UTF_8))) {
            await(console, "lull-guest: init");
            OutputStream keyboard = lull.getOutputStream();
            for (String command : List.of(
                    "head -c %dM /dev/urandom >/tmp/data; sum=$(sha256sum </tmp/data)".formatted(MIB),
                    "dd if=/tmp/data of=/dev/vdb bs=64k conv=fsync 2>/tmp/error && echo flushed $sum || cat /tmp/error")) {
                keyboard.write((command + "\n").getBytes(StandardCharsets.UTF_8));
            }
            keyboard.flush();
            return await(console, "flushed").split(" ", 3)[1];
        } finally {
            lull.destroyForcibly().waitFor();
        }
    }

    private static String await(BufferedReader console, String word) throws Exception {
        StringBuilder said = new StringBuilder();
        for (String line = console.readLine(); line != null; line = console.readLine()) {
            if (line.startsWith(word)) {
                return line;
            }
            said.append(line).append('\n');
        }
        throw new AssertionError("no '" + word + "' on the console: " + said);
    }
}
