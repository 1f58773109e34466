package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.BalloonConfig;
import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RngConfig;
import dev.lull.agent.idle.IdleEvents;
import dev.lull.agent.idle.IdleMachine;
import dev.lull.agent.idle.IdleScheduler;
import dev.lull.agent.idle.IdleSettings;
import dev.lull.agent.idle.PreCopyResult;
import dev.lull.agent.idle.PreCopyTask;
import dev.lull.agent.idle.Submission;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineException;
import dev.lull.agent.machine.MemoryFile;
import dev.lull.device.virtio.balloon.VirtioBalloon;
import dev.lull.idle.IdlePolicy;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The memory of a stock Linux guest is copied while it rests between bursts of writing, and the copy is its memory after the pause. */
@Tag("lab")
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class PreCopyTest {
    private static final int RUNS = Soak.of(20, 200);

    /** All bytes are compared in each run; SHA-256 of them takes the emulated processor much longer, so it is taken in every so many. */
    private static final int HASHED = Soak.of(RUNS, 1);

    private static final int DISK_BYTES = 8 << 20;
    private static final long BALLOON_BYTES = 24L << 20;

    /** An emulated processor takes longer than 50 us for a page. */
    private static final IdleSettings SETTINGS = new IdleSettings(IdlePolicy.CONFIRMED, 5_000, 1_000_000, new BitSet());

    /** Writes memory and the disk, and has the disk and the random number generator write memory: reads of 1 MiB are the kernel's. */
    private static final String BURSTS = "(while :; do"
            + " dd if=/dev/vda of=/tmp/got bs=1M count=2 iflag=direct;"
            + " dd if=/dev/hwrng of=/tmp/random bs=1k count=4;"
            + " cat /tmp/random /tmp/random >>/tmp/got;"
            + " dd if=/tmp/got of=/dev/vda bs=64k count=8 seek=64 conv=fsync;"
            + " usleep 300000; done) >/dev/null 2>&1 &";

    @TempDir
    Path directory;

    private final Random random = new Random(1);

    @Test
    void theFileIsTheMemoryAfterThePause() throws Exception {
        Path image = Files.write(directory.resolve("disk"), bytes(DISK_BYTES));
        Path file = directory.resolve("memory");
        long before = 0;
        long inPause = 0;
        long pauseNanos = 0;
        try (DeviceLab lab = DeviceLab.boot(
                        List.of(1),
                        "",
                        List.of(
                                new DiskConfig("disk", image),
                                new RngConfig("rng"),
                                new BalloonConfig("balloon", 0, true)));
                IdleScheduler scheduler = IdleScheduler.create(SETTINGS, IdleEvents.NONE)) {
            IdleMachine watched = scheduler.watch(lab.machine());
            lab.run(BURSTS);
            for (int run = 0; run < RUNS; run++) {
                lab.machine().device("balloon", VirtioBalloon.class).setTarget(run % 2 == 0 ? BALLOON_BYTES : 0);
                PreCopyTask task = new PreCopyTask(lab.machine().management(), file);
                Submission work = watched.submit(task);
                await(task, run % 5 == 4 ? 0 : 1);
                Thread.sleep(random.nextInt(200));
                PreCopyResult result = task.finish(lab.machine(), false);
                MemoryFile copy = new MemoryFile(lab.machine().management().memory(), file);
                assertThat(copy.difference()).as("run %d: %s", run, result).isEqualTo(-1);
                if (run % HASHED == 0) {
                    assertThat(copy.fileHash()).isEqualTo(copy.memoryHash());
                }
                work.cancel();
                assertThat(work.end().get(1, TimeUnit.MINUTES)).isEqualTo(Submission.State.ENDED);
                lab.machine().resume();
                System.out.printf("run %d: %d rounds, %s%n", run, task.rounds(), result);
                if (run % 5 != 4) {
                    before += result.pagesBefore();
                    inPause += result.pagesInPause();
                    pauseNanos = Math.max(pauseNanos, result.pauseNanos());
                }
            }
            assertThat(watched.report().overdue()).isZero();
            watched.close();
            lab.machine().device("balloon", VirtioBalloon.class).setTarget(0);
            lab.endClean();
        }
        System.out.printf(
                "%d runs: %d pages copied in rests, %d in pauses, of %d us at the most%n",
                RUNS, before, inPause, pauseNanos / 1000);
        assertThat(inPause).isPositive().isLessThan(before / 4);
    }

    @Test
    void aFullDiskEndsTheCopyAndNotTheGuest() throws Exception {
        Path small = Files.createDirectory(directory.resolve("small"));
        Host.run("mount", "-t", "tmpfs", "-o", "size=4m", "none", small.toString());
        CompletableFuture<Throwable> told = new CompletableFuture<>();
        IdleEvents events = new IdleEvents() {
            @Override
            public void failed(Submission work, Throwable fault) {
                told.complete(fault);
            }
        };
        try (DeviceLab lab = DeviceLab.boot(List.of(1), "", List.of());
                IdleScheduler scheduler = IdleScheduler.create(SETTINGS, events)) {
            PreCopyTask task = new PreCopyTask(lab.machine().management(), small.resolve("memory"));
            Submission work = scheduler.watch(lab.machine()).submit(task);
            assertThat(work.end().get(1, TimeUnit.MINUTES)).isEqualTo(Submission.State.ENDED);
            assertThat(told.get())
                    .isInstanceOf(MachineException.class)
                    .hasMessage(small.resolve("memory")
                            + " cannot take the guest's memory: ENOSPC; the guest goes on, the copy does not");
            assertThat(task.result()).isEqualTo(told.get().getMessage());
            assertThat(small.resolve("memory")).isEmptyFile();
            finishFails(lab.machine(), small.resolve("memory"));
            assertThat(lab.machine().isPaused()).isFalse();
            lab.endClean();
        } finally {
            Host.run("umount", small.toString());
        }
    }

    /** All is left for the pause, and there is no room for it. */
    private static void finishFails(Machine machine, Path file) throws InterruptedException {
        try (PreCopyTask task = new PreCopyTask(machine.management(), file)) {
            task.finish(machine, false);
        } catch (MachineException e) {
            assertThat(e).hasMessageContaining("ENOSPC");
            return;
        }
        throw new AssertionError("there was room");
    }

    private static void await(PreCopyTask task, int rounds) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (task.rounds() < rounds) {
            assertThat(System.nanoTime()).as(task.result()).isLessThan(deadlineNanos);
            Thread.sleep(5);
        }
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
