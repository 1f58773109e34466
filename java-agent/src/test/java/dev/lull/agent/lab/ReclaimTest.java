package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RateLimit;
import dev.lull.agent.idle.IdleEvents;
import dev.lull.agent.idle.IdleMachine;
import dev.lull.agent.idle.IdleScheduler;
import dev.lull.agent.idle.IdleSettings;
import dev.lull.agent.idle.Submission;
import dev.lull.agent.idle.ZeroPagesTask;
import dev.lull.agent.machine.Machine;
import dev.lull.device.memory.GuestMemory;
import dev.lull.linux.Mapping;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Zero pages of a stock Linux guest go back to the host in its idle time, and whatever the guest writes meanwhile stays. */
@Tag("lab")
@Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM, Facility.ROOT})
class ReclaimTest {
    private static final int SECONDS = Soak.of(40, 600);
    private static final int MEMORY_MIB = 512;
    private static final int USED_MIB = 192;
    private static final int DISK_BYTES = 8 << 20;

    @TempDir
    Path directory;

    @Test
    void noWriteIsLostAndNoReadFromADisk(TestReporter reporter) throws Exception {
        String device = blockDevice();
        DiskConfig disk = new DiskConfig("data", Path.of(device), "data", true, true, 1, RateLimit.NONE);
        try (DebianGuest guest = DebianGuest.boot(List.of(0, 1), MEMORY_MIB, List.of(disk))) {
            guest.run("(pages %d %d /dev/vdb >/tmp/pages 2>&1; echo ended $? >>/tmp/pages) & true"
                    .formatted(SECONDS, USED_MIB));
            guest.await("grep -q ready /tmp/pages");
            long before = residentBytes(guest.machine());
            List<ZeroPagesTask> walks = reclaim(guest.machine());
            long after = residentBytes(guest.machine());
            guest.await("grep -q ended /tmp/pages");
            String said = guest.run("cat /tmp/pages");
            reporter.publishEntry(
                    "figures",
                    "%s; %d walks gave back %d MiB in all, %d pages were written before they could go; resident %d MiB, then %d"
                            .formatted(
                                    said.replace('\n', ' '),
                                    walks.size(),
                                    walks.stream()
                                                    .mapToLong(
                                                            walk -> walk.pages().returnedBytes())
                                                    .sum()
                                            >> 20,
                                    walks.stream()
                                            .mapToLong(walk -> walk.pages().rewrittenPages())
                                            .sum(),
                                    before >> 20,
                                    after >> 20));
            assertThat(said).contains("errors=0").contains("ended 0");
            assertThat(count(said, "checks")).isGreaterThan(20L * SECONDS);
            assertThat(count(said, "reads")).isGreaterThan(SECONDS);
            assertThat(walks).isNotEmpty();
            assertThat(after).isLessThan(before - (USED_MIB << 19));
            guest.endClean();
        }
        Host.run("losetup", "--detach", device);
    }

    /** Walks one after another for as long as the guest writes; those that came to their end. */
    private static List<ZeroPagesTask> reclaim(Machine machine) throws Exception {
        List<ZeroPagesTask> walks = new ArrayList<>();
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        try (IdleScheduler scheduler = IdleScheduler.create(IdleSettings.DEFAULT, IdleEvents.NONE)) {
            IdleMachine watched = scheduler.watch(machine);
            while (System.nanoTime() < deadlineNanos) {
                ZeroPagesTask walk = new ZeroPagesTask(machine.management());
                Submission work = watched.submit(walk);
                assertThat(work.end().get(5, TimeUnit.MINUTES))
                        .as(walk.result())
                        .isEqualTo(Submission.State.DONE);
                walks.add(walk);
            }
            assertThat(watched.report().overdue()).isZero();
        }
        return walks;
    }

    /** A device whose direct I/O is direct: of a file in memory it would be a copy. Each 8 bytes hold where they are. */
    private String blockDevice() throws IOException, InterruptedException {
        ByteBuffer content = ByteBuffer.allocate(DISK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (content.hasRemaining()) {
            content.putLong(content.position());
        }
        Path file = directory.resolve("data.img");
        Files.write(file, content.array());
        Host.run("modprobe", "loop");
        return Host.run("losetup", "--find", "--show", "--read-only", file.toString());
    }

    private static long count(String said, String name) {
        return Long.parseLong(said.replaceAll("(?s).*" + name + "=(\\d+).*", "$1"));
    }

    private static long residentBytes(Machine machine) {
        long pages = 0;
        for (GuestMemory.Region region : machine.management().memory().regions()) {
            MemorySegment memory = region.segment();
            MemorySegment scratch = Arena.ofAuto().allocate(memory.byteSize() / Mapping.PAGE_BYTES, 8);
            pages += Mapping.residentPages(memory, 0, memory.byteSize(), scratch);
        }
        return pages * Mapping.PAGE_BYTES;
    }
}
