package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RateLimit;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** fio finds on a disk what it wrote, and so does the host. {@code -Dlull.soak=true} takes ten minutes. */
@Tag("lab")
@Timeout(value = 25, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class DiskVerifyTest {
    private static final int QUEUES = 4;
    private static final int DISK_MIB = 128;

    /** For each mix, which {@value #QUEUES} jobs do at once on parts of the disk of their own. */
    private static final int SECONDS_PER_MIX = Soak.of(10, 150);

    private static final List<String> MIXES = List.of(
            "--rw=randwrite --bs=4k",
            "--rw=randrw --rwmixread=40 --bsrange=512-64k --bs_unaligned=0 --blockalign=512",
            "--rw=randwrite --bsrange=4k-128k --fsync=16");

    @Test
    void whatWasWrittenIsThere(@TempDir Path directory) throws Exception {
        Path image = DebianGuest.image(directory, "data", DISK_MIB);
        DiskConfig disk = new DiskConfig("data", image, "data", false, false, QUEUES, RateLimit.NONE);
        try (DebianGuest guest = DebianGuest.boot(2, 512, List.of(disk))) {
            assertThat(guest.run("ls /sys/block/vdb/mq | wc -l")).isEqualTo(Integer.toString(2));
            for (String mix : MIXES) {
                guest.run(fio(mix));
            }
            guest.run(trimBesideWrites());
            guest.run("cmp --bytes=%1$d --ignore-initial=%1$d:0 /dev/vdb /dev/zero".formatted((DISK_MIB << 20) / 2));
            String inGuest = guest.run("sync /dev/vdb; sha256sum </dev/vdb");
            assertThat(Host.run("sha256sum", image.toString()).split(" ", 2)[0]).isEqualTo(inGuest.split(" ", 2)[0]);
            guest.endClean();
        }
    }

    private static String fio(String mix) {
        int part = DISK_MIB / QUEUES;
        return ("fio --name=mix %s --filename=/dev/vdb --numjobs=%d --offset_increment=%dm --size=%dm --thread"
                        + " --ioengine=libaio --iodepth=16 --direct=1 --verify=crc32c --verify_fatal=1 --verify_backlog=256"
                        + " --verify_async=0 --do_verify=1 --randrepeat=0 --time_based --runtime=%d --eta=never"
                        + " --output=/tmp/fio || { tail -n 40 /tmp/fio; false; }")
                .formatted(mix, QUEUES, part, part, SECONDS_PER_MIX);
    }

    /** Discards all of the second half while the first is written: afterwards it reads as zeros. */
    private static String trimBesideWrites() {
        int half = DISK_MIB / 2;
        return ("fio --filename=/dev/vdb --size=%dm --thread --ioengine=libaio --iodepth=16 --direct=1 --eta=never"
                        + " --output=/tmp/fio --name=trim --rw=randtrim --bs=64k --offset=%dm --name=write --rw=randwrite"
                        + " --bs=4k --verify=crc32c --verify_fatal=1 --verify_backlog=256 --time_based --runtime=%d"
                        + " || { tail -n 40 /tmp/fio; false; }")
                .formatted(half, half, SECONDS_PER_MIX);
    }
}
