package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.BalloonConfig;
import dev.lull.device.virtio.balloon.VirtioBalloon;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory a guest gives back leaves the process. */
@Tag("lab")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class BalloonTest {
    private static final int MEMORY_MIB = 1536;
    private static final long USED_BYTES = 512L << 20;
    private static final long BALLOON_BYTES = 1L << 30;
    private static final Duration REPORTING_LIMIT = Duration.ofSeconds(10);
    private static final Duration BALLOON_LIMIT = Duration.ofSeconds(60);

    @Test
    void whatAGuestGivesBackLeavesTheProcess() throws Exception {
        try (DebianGuest guest = DebianGuest.boot(2, MEMORY_MIB, List.of(new BalloonConfig("balloon", 0, false)))) {
            guest.run("modprobe virtio_balloon");

            guest.run("head -c " + USED_BYTES + " /dev/zero >/dev/shm/used");
            long full = residentBytes();
            guest.run("rm /dev/shm/used");
            await(REPORTING_LIMIT, bytes -> bytes <= full - USED_BYTES * 9 / 10);

            guest.run("head -c " + USED_BYTES + " /dev/zero >/dev/shm/used");
            long again = residentBytes();
            VirtioBalloon balloon = guest.machine().device("balloon", VirtioBalloon.class);
            guest.run("rm /dev/shm/used");
            balloon.setTarget(BALLOON_BYTES);
            await(BALLOON_LIMIT, bytes -> balloon.actualBytes() == BALLOON_BYTES);
            await(BALLOON_LIMIT, bytes -> bytes <= again - USED_BYTES * 9 / 10);
            assertThat(total(guest)).isLessThan((MEMORY_MIB - 1000L) << 10);

            balloon.setTarget(0);
            await(BALLOON_LIMIT, bytes -> balloon.actualBytes() == 0);
            guest.run("head -c " + USED_BYTES + " /dev/zero >/dev/shm/used");
            guest.endClean();
        }
    }

    /** What the guest has, in KiB. */
    private static long total(DebianGuest guest) throws InterruptedException {
        return Long.parseLong(guest.run("awk '$1 == \"MemAvailable:\" { print $2 }' /proc/meminfo"));
    }

    private static void await(Duration limit, LongPredicate condition) throws IOException, InterruptedException {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        long bytes = residentBytes();
        while (!condition.test(bytes)) {
            assertThat(System.nanoTime())
                    .as("after %s, with %d MiB", limit, bytes >> 20)
                    .isLessThan(deadlineNanos);
            Thread.sleep(100);
            bytes = residentBytes();
        }
    }

    private static long residentBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new AssertionError("no VmRSS");
    }
}
