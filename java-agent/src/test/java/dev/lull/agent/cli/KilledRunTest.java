package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.control.daemon.Holders;
import dev.lull.agent.machine.Payload;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A {@code lull run} that is killed with all kinds of tasks under way. {@code -Dlull.kills} says how often. */
@Requires({Facility.KVM, Facility.ROOT})
@Timeout(value = 2, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KilledRunTest {
    private static final int KILLS = Integer.getInteger("lull.kills", 5);
    private static final int BASE_BYTES = 32 << 20;
    private static final int MEMORY_BYTES = 64 << 20;
    private static final long LONGEST_START_NANOS = 1_200_000_000;
    private static final long LONGEST_WAIT_NANOS = 100_000_000;

    @TempDir
    private Path directory;

    /** Every other one dies at any moment from its start on, the rest while tasks are at work. */
    @Test
    void nothingIsLeftAndTheNextOneUsesItsFiles() throws Exception {
        SplittableRandom random = new SplittableRandom(33);
        byte[] image = new byte[BASE_BYTES];
        random.nextBytes(image);
        Files.write(file("base"), image);
        String alive = ProcessHandle.current().pid() + ".counters";
        Files.createFile(Files.createDirectory(file("lull")).resolve(alive));
        for (int kill = 0; kill < KILLS; kill++) {
            Files.deleteIfExists(file("log"));
            Process run = start(Payload.REST);
            if (kill % 2 == 0) {
                awaitSteps(run);
            }
            LockSupport.parkNanos(random.nextLong(kill % 2 == 0 ? LONGEST_WAIT_NANOS : LONGEST_START_NANOS));
            assertThat(run.isAlive()).isTrue();
            run.destroyForcibly();
            assertThat(run.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(Holders.of(directory)).isEmpty();
        }
        assertThat(file("memory")).hasSize(MEMORY_BYTES);
        Lull.Result last = Lull.await(start(Payload.BOOT));
        assertThat(last.err()).isEmpty();
        assertThat(last.status()).isZero();
        assertThat(last.out()).isNotEmpty();
        assertThat(file("memory")).hasSize(MEMORY_BYTES);
        assertThat(Files.readString(file("memory"), StandardCharsets.ISO_8859_1))
                .contains(last.out().strip());
        assertThat(Files.readAllBytes(file("base"))).isEqualTo(image);
        assertThat(Lull.entries(file("lull"))).containsExactly(alive);
    }

    private Process start(Path kernel) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(Lull.command(
                "run",
                "--kernel",
                kernel.toString(),
                "--memory",
                "64M",
                "--rng",
                "--pin",
                "1",
                "--idle",
                "pre-copy,fingerprints,zero-pages,working-set,roll-up",
                "--idle-base",
                file("base").toString(),
                "--idle-copy",
                file("memory").toString(),
                "--idle-log",
                file("log").toString()));
        // Where counters are.
        builder.environment().put("XDG_RUNTIME_DIR", directory.toString());
        return builder.start();
    }

    /** Until so many have been written down that they no longer fit a buffer. */
    private void awaitSteps(Process run) throws Exception {
        while (Files.notExists(file("log")) || Files.size(file("log")) == 0) {
            assertThat(run.isAlive()).isTrue();
            Thread.sleep(1);
        }
    }

    private Path file(String name) {
        return directory.resolve(name);
    }
}
