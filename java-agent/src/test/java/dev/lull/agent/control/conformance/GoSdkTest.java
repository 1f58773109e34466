package dev.lull.agent.control.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.cli.Lull;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Firecracker's own Go SDK, unmodified, drives a machine from the start of the process {@code firecracker} to its end; the
 * program around it is {@code src/test/clients/go-sdk}. That {@code firecracker} is {@code lull firecracker}.
 */
@Requires({Facility.KVM, Facility.ROOT, Facility.GO})
@Timeout(value = 900, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GoSdkTest {
    private static final Path MODULE = Path.of(System.getProperty("lull.root"), "java-agent");
    private static final Path SOURCE = MODULE.resolve(Path.of("src", "test", "clients", "go-sdk"));

    @TempDir
    private Path directory;

    @Test
    void drivesMachinesAsItDoesFirecrackers() throws IOException, InterruptedException {
        Path client = MODULE.resolve(Path.of("target", "clients", "go-sdk"));
        run(SOURCE, List.of("go", "build", "-buildvcs=false", "-o", client.toString(), "."));
        Path commands = Files.createDirectory(directory.resolve("bin"));
        Path firecracker = Files.writeString(commands.resolve("firecracker"), script());
        Files.setPosixFilePermissions(firecracker, PosixFilePermissions.fromString("rwx------"));
        TestBench bench = new TestBench(directory);
        try {
            String output = run(
                    directory,
                    List.of(
                            "env",
                            "PATH=" + commands + ":" + System.getenv("PATH"),
                            "LULL_CACHE=" + directory.resolve("cache"),
                            // A JVM on a host that is busy with other tests has more to do than Firecracker.
                            "FIRECRACKER_GO_SDK_INIT_TIMEOUT_SECONDS=60",
                            "FIRECRACKER_GO_SDK_REQUEST_TIMEOUT_MILLISECONDS=30000",
                            client.toString(),
                            "--directory=" + directory,
                            "--kernel=" + bench.expand("$KERNEL"),
                            "--root=" + bench.expand("$ROOT"),
                            "--data=" + bench.expand("$DATA"),
                            "--other-data=" + bench.expand("$OTHER"),
                            "--tap=" + bench.expand("$TAP")));
            assertThat(output).endsWith("all as with Firecracker\n");
        } finally {
            bench.close();
        }
    }

    private static String script() {
        String command = Lull.command("firecracker").stream()
                .map(word -> "'" + word.replace("'", "'\\''") + "'")
                .collect(Collectors.joining(" "));
        return "#!/bin/sh\nexec " + command + " \"$@\"\n";
    }

    /** What a command writes, which must end with status 0. */
    private static String run(Path where, List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .directory(where.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s\n%s", command, output).isZero();
        return output;
    }
}
