package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.BalloonConfig;
import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RateLimit;
import dev.lull.agent.devices.RateLimit.Bucket;
import dev.lull.agent.devices.RngConfig;
import dev.lull.agent.devices.TapConfig;
import dev.lull.device.virtio.balloon.Statistic;
import dev.lull.device.virtio.balloon.VirtioBalloon;
import dev.lull.device.virtio.block.VirtioBlock;
import dev.lull.device.virtio.rng.VirtioRng;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A stock guest goes on with devices that are changed under it. */
@Tag("lab")
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM, Facility.ROOT})
class ChangedDevicesTest {
    private static final int SECTOR_BYTES = 512;
    private static final String FIRST_WORD = "dd if=/dev/vda bs=512 count=1 2>/dev/null | head -c 6";

    @TempDir
    private Path directory;

    @Test
    void aDiskGetsAnotherImageWhileItIsRead() throws Exception {
        Path first = image("first.", 4);
        Path second = image("second", 8);
        try (DeviceLab lab = DeviceLab.boot(2, "", List.of(new DiskConfig("disk", first)))) {
            VirtioBlock disk = lab.machine().device("disk", VirtioBlock.class);
            assertThat(lab.run(FIRST_WORD)).isEqualTo("first.");
            lab.run(
                    "(while true; do dd if=/dev/vda of=/dev/null bs=64k count=32 iflag=direct; done) 2>/dev/null & sleep 1");
            for (int round = 0; round < 10; round++) {
                disk.replaceImage(second).get(30, TimeUnit.SECONDS);
                disk.replaceImage(first).get(30, TimeUnit.SECONDS);
            }
            disk.replaceImage(second).get(30, TimeUnit.SECONDS);
            lab.run("kill %1; echo 3 >/proc/sys/vm/drop_caches");
            lab.await("[ $(cat /sys/block/vda/size) = " + Files.size(second) / SECTOR_BYTES + " ]");
            assertThat(lab.run(FIRST_WORD)).isEqualTo("second");
            lab.run("echo -n 'marked' | dd of=/dev/vda bs=512 conv=sync,fsync");
            assertThat(firstWord(second)).isEqualTo("marked");
            assertThat(firstWord(first)).isEqualTo("first.");

            Files.write(second, new byte[SECTOR_BYTES], StandardOpenOption.APPEND);
            disk.replaceImage(second).get(30, TimeUnit.SECONDS);
            lab.await("[ $(cat /sys/block/vda/size) = " + Files.size(second) / SECTOR_BYTES + " ]");
            lab.endClean();
        }
    }

    @Test
    void limitsComeAndGoUnderARunningGuest() throws Exception {
        try (DeviceLab lab = DeviceLab.boot(2, "", List.of(new RngConfig("rng")))) {
            VirtioRng rng = lab.machine().device("rng", VirtioRng.class);
            lab.run("dd if=/dev/hwrng of=/dev/null bs=64 count=64");
            new RateLimit.Change(null, new Bucket(1, 0, TimeUnit.HOURS.toMillis(1))).applyTo(rng.limiter());
            lab.run("dd if=/dev/hwrng of=/tmp/random bs=64 count=4096 2>/dev/null & sleep 2");
            assertThat(lab.run("wc -c </tmp/random")).isNotEqualTo(Integer.toString(64 * 4096));
            new RateLimit.Change(null, Bucket.NONE).applyTo(rng.limiter());
            lab.run("wait");
            assertThat(lab.run("wc -c </tmp/random")).isEqualTo(Integer.toString(64 * 4096));
            lab.endClean();
        }
    }

    @Test
    void aGuestUsesTheMtuItIsTold() throws Exception {
        Host.run("modprobe", "tun");
        TapConfig net =
                new TapConfig("net", TapConfig.CREATED_NAME, true, null, 1, 1400, RateLimit.NONE, RateLimit.NONE, null);
        try (DeviceLab lab = DeviceLab.boot(1, "", List.of(net))) {
            assertThat(lab.run("cat /sys/class/net/eth0/mtu")).isEqualTo("1400");
            lab.endClean();
        }
    }

    @Test
    void aBalloonIsAskedForStatisticsAndHints() throws Exception {
        BalloonConfig config = new BalloonConfig("balloon", 0, true, Duration.ofSeconds(1), true, false);
        try (DeviceLab lab = DeviceLab.boot(1, "", List.of(config))) {
            VirtioBalloon balloon = lab.machine().device("balloon", VirtioBalloon.class);
            while (balloon.statistics().value(Statistic.TOTAL_BYTES).isEmpty()) {
                Thread.sleep(10);
            }
            lab.run("head -c 64m /dev/zero >/tmp/zeroes; rm /tmp/zeroes");
            balloon.startHinting(true);
            while (balloon.hintingStatus().hostCommand() != 1) {
                Thread.sleep(10);
            }
            assertThat(lab.machine()
                            .deviceStats()
                            .getFirst()
                            .requests()
                            .getLast()
                            .bytes())
                    .as("bytes that went back to the host")
                    .isGreaterThan(64 << 20);
            lab.run(
                    "head -c 64m /dev/urandom | tee /tmp/random | md5sum >/tmp/sum; md5sum </tmp/random | cmp - /tmp/sum");
            lab.endClean();
        }
    }

    private Path image(String word, int mebibytes) throws Exception {
        byte[] bytes = new byte[mebibytes << 20];
        byte[] start = word.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(start, 0, bytes, 0, start.length);
        return Files.write(directory.resolve(word), bytes);
    }

    private static String firstWord(Path image) throws Exception {
        return new String(Files.readAllBytes(image), 0, 6, StandardCharsets.US_ASCII);
    }
}
