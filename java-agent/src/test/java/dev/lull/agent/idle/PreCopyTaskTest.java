package dev.lull.agent.idle;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.GuestConsole;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.MemoryFile;
import dev.lull.agent.machine.Payload;
import dev.lull.idle.IdleOutcome;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Copies the memory of a guest that writes it all the time; a test takes the steps, no scheduler. */
@Requires({Facility.KVM, Facility.ROOT})
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PreCopyTaskTest {
    private static final int RUNS = 20;
    private static final int PAGES = 4096;
    private static final long MEMORY_BYTES = 128L << 20;
    private static final long STEP_NANOS = 50_000;

    @TempDir
    Path directory;

    private Path file;
    private Machine machine;

    @BeforeEach
    void startGuest() throws InterruptedException {
        file = directory.resolve("memory");
        GuestConsole console = new GuestConsole();
        machine = Machine.create(MachineConfig.kernel(Payload.WRITER)
                .commandLine(Integer.toString(PAGES))
                .memoryBytes(MEMORY_BYTES)
                .consoleOutput(console)
                .build());
        machine.start();
        console.await("writer", Duration.ofSeconds(60));
    }

    @AfterEach
    void endGuest() {
        machine.close();
    }

    @Test
    void theFileIsTheMemoryOfAGuestThatNeverStopsWriting() throws Exception {
        long before = 0;
        long inPause = 0;
        for (int run = 0; run < RUNS; run++) {
            awaitWrites();
            try (PreCopyTask task = new PreCopyTask(machine.management(), file)) {
                // Whole rounds, part of one, nothing at all.
                int rounds = run % 4;
                while (task.rounds() < rounds) {
                    task.step(STEP_NANOS);
                }
                for (int step = 0; step < 3 * run; step++) {
                    task.step(STEP_NANOS);
                    awaitWrites();
                }
                PreCopyResult result = task.finish(machine, false);
                assertThat(machine.isPaused()).isTrue();
                assertThat(difference()).as("run %d: %s", run, result).isEqualTo(-1);
                if (run == RUNS - 1) {
                    assertThat(copy().fileHash()).isEqualTo(copy().memoryHash());
                }
                assertThat(result.pauseNanos()).isPositive();
                if (rounds > 0) {
                    assertThat(result.pagesBefore()).isGreaterThanOrEqualTo(PAGES);
                    inPause += result.pagesInPause();
                } else {
                    assertThat(result.pagesInPause()).isGreaterThanOrEqualTo(PAGES);
                }
                before += result.pagesBefore();
            }
            machine.resume();
        }
        // The guest wrote while it was copied.
        assertThat(inPause).isPositive().isLessThan(before);
    }

    @Test
    void whatTheGuestNeverTouchedTakesNoSpace() throws Exception {
        try (PreCopyTask task = new PreCopyTask(machine.management(), file)) {
            PreCopyResult result = task.finish(machine, true);
            assertThat(machine.isPaused()).isFalse();
            assertThat(result.pagesBefore()).isZero();
            assertThat(result.pagesInPause()).isBetween((long) PAGES, MEMORY_BYTES / 4096 - 1);
            assertThat(Files.size(file)).isEqualTo(MEMORY_BYTES);
            assertThat(task.result()).contains("MiB in a pause of");
            assertThatThrownBy(() -> task.finish(machine, true)).isInstanceOf(IllegalStateException.class);
            assertThat(task.step(STEP_NANOS)).isEqualTo(IdleOutcome.BLOCKED);
        }
        assertThat(Files.size(file)).isEqualTo(MEMORY_BYTES);
    }

    @Test
    void oneThatIsGivenUpLeavesAnEmptyFileAndTheGuestAsItWas() throws Exception {
        PreCopyTask given = new PreCopyTask(machine.management(), file);
        given.step(STEP_NANOS);
        assertThatThrownBy(() -> new PreCopyTask(machine.management(), directory.resolve("other")))
                .isInstanceOf(IllegalStateException.class);
        given.close();
        assertThat(Files.size(file)).isZero();
        assertThat(machine.isPaused()).isFalse();
        try (PreCopyTask task = new PreCopyTask(machine.management(), file)) {
            task.finish(machine, false);
            assertThat(difference()).isEqualTo(-1);
        }
    }

    @Test
    void aGuestThatStandsStillLetsTheTaskWait() throws Exception {
        machine.pause();
        try (PreCopyTask task = new PreCopyTask(machine.management(), file)) {
            IdleOutcome outcome = IdleOutcome.MORE;
            while (outcome == IdleOutcome.MORE) {
                outcome = task.step(STEP_NANOS);
            }
            assertThat(outcome).isEqualTo(IdleOutcome.BLOCKED);
            assertThat(task.rounds()).isEqualTo(2);
            PreCopyResult result = task.finish(machine, true);
            assertThat(machine.isPaused()).isTrue();
            assertThat(result.pagesInPause()).isLessThanOrEqualTo(PreCopyTask.FEW_PAGES);
            assertThat(difference()).isEqualTo(-1);
        }
    }

    @Test
    void aSchedulerTakesItThroughRoundsUntilItIsFinished() throws Exception {
        machine.close();
        machine = Machine.create(MachineConfig.kernel(Payload.REST)
                .pin(List.of(1))
                .memoryBytes(MEMORY_BYTES)
                .consoleOutput(new GuestConsole())
                .build());
        machine.start();
        try (IdleScheduler scheduler = IdleScheduler.create(IdleSettings.DEFAULT, IdleEvents.NONE)) {
            PreCopyTask task = new PreCopyTask(machine.management(), file);
            Submission work = scheduler.watch(machine).submit(task);
            while (task.rounds() < 2) {
                Thread.sleep(1);
            }
            PreCopyResult result = task.finish(machine, true);
            assertThat(result.pagesBefore()).isGreaterThanOrEqualTo(2048);
            assertThat(result.pagesInPause()).isLessThanOrEqualTo(PreCopyTask.FEW_PAGES);
            machine.pause();
            assertThat(difference()).isEqualTo(-1);
            machine.resume();
            work.cancel();
            assertThat(work.end().get(10, TimeUnit.SECONDS)).isEqualTo(Submission.State.ENDED);
            assertThat(Files.size(file)).isEqualTo(MEMORY_BYTES);
            scheduler.watch(machine).submit(new PreCopyTask(machine.management(), file));
            machine.close();
            assertThat(file).isEmptyFile();
        }
    }

    @Test
    void aFileThatCannotBeIsRefusedInALine() {
        for (Path path : new Path[] {directory, directory.resolve("no/such"), Path.of("/dev/full")}) {
            assertThatThrownBy(() -> new PreCopyTask(machine.management(), path))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageStartingWith(path + " cannot take the guest's memory: ")
                    .hasMessageNotContaining("\n");
        }
        new PreCopyTask(machine.management(), file).close();
    }

    /** Waits until the guest has written something. */
    private void awaitWrites() throws InterruptedException {
        MemorySegment written =
                machine.management().memory().slice(Payload.WRITER_GPA, (long) Payload.WRITER_HOT_PAGES * 4096);
        byte[] earlier = written.toArray(JAVA_BYTE);
        while (written.mismatch(MemorySegment.ofArray(earlier)) < 0) {
            Thread.sleep(1);
        }
    }

    private long difference() throws IOException {
        return copy().difference();
    }

    private MemoryFile copy() {
        return new MemoryFile(machine.management().memory(), file);
    }
}
