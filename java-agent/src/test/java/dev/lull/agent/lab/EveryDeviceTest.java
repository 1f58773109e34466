package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.BalloonConfig;
import dev.lull.agent.devices.ConsoleConfig;
import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RateLimit;
import dev.lull.agent.devices.RngConfig;
import dev.lull.agent.devices.SocketConfig;
import dev.lull.agent.devices.TapConfig;
import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.machine.Footprint;
import dev.lull.device.virtio.balloon.VirtioBalloon;
import dev.lull.device.virtio.console.VirtioConsole;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A stock kernel with one of each device finds and uses them all. */
@Tag("lab")
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class EveryDeviceTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final long DISK_BYTES = 64 << 20;
    private static final String TAP = "lulltest";

    @TempDir
    private Path directory;

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    @BeforeAll
    static void loadTun() throws Exception {
        host("modprobe", "tun");
    }

    @Test
    void eachIsFoundAndWorks() throws Exception {
        try (DeviceLab lab = DeviceLab.boot(2, "", devices())) {
            assertThat(lab.run("ls -d /sys/bus/virtio/devices/*/driver | wc -l"))
                    .isEqualTo("6");
            diskKeepsWhatIsWritten(lab);
            networkReachesTheHost(lab);
            lab.run("dd if=/dev/hwrng of=/dev/null bs=1k count=4");
            consoleCarriesBothWays(lab);
            balloonTakesAndGives(lab);
            lab.machine().pause();
            lab.machine().resume();
            diskKeepsWhatIsWritten(lab);
            lab.endClean();
        }
    }

    @Test
    void aDiskAndANetworkComeAndGoInUse() throws Exception {
        try (DeviceLab lab = DeviceLab.boot(2, "", List.of(new RngConfig("rng0")))) {
            lab.run("dd if=/dev/hwrng of=/dev/null bs=64 count=1000000 & sleep 1");
            for (int round = 0; round < 5; round++) {
                lab.machine().attach(new DiskConfig("disk0", image("disk")));
                lab.machine().attach(tap());
                lab.await("[ -b /dev/vda ]");
                lab.await("[ -d /sys/class/net/eth0 ]");
                diskKeepsWhatIsWritten(lab);
                networkReachesTheHost(lab);
                lab.machine().detach("net0", LIMIT);
                lab.machine().detach("disk0", LIMIT);
                assertThat(lab.run("ls /sys/class/net /sys/class/block")).doesNotContain("eth0", "vda");
                assertThat(Path.of("/sys/class/net", TAP)).doesNotExist();
            }
            lab.run("kill %1");
            lab.endClean();
        }
    }

    @Test
    void bootsInARowLeaveNothingBehind() throws Exception {
        Footprint before = null;
        for (int boot = 0; boot < 4; boot++) {
            try (DeviceLab lab = DeviceLab.boot(1 + boot % 2, "", devices())) {
                diskKeepsWhatIsWritten(lab);
                if (boot % 2 == 0) {
                    lab.endClean();
                }
            }
            if (boot == 0) {
                before = Footprint.measure();
            }
        }
        assertThat(Footprint.measure()).isEqualTo(before);
    }

    private List<DeviceConfig> devices() throws IOException {
        return List.of(
                new DiskConfig("disk0", image("disk"), "serial-of-disk0", false, false, 2, RateLimit.NONE),
                tap(),
                new SocketConfig("vsock0", 3, directory.resolve("vsock")),
                new RngConfig("rng0"),
                new BalloonConfig("balloon0", 0, true),
                new ConsoleConfig("console0", this::take));
    }

    private static DeviceConfig tap() {
        return TapConfig.creating("net0", TAP);
    }

    private void diskKeepsWhatIsWritten(DeviceLab lab) throws InterruptedException, IOException {
        lab.run("dd if=/dev/urandom of=/tmp/sent bs=64k count=40");
        lab.run("dd if=/tmp/sent of=/dev/vda bs=64k seek=100 conv=fsync");
        lab.run("echo 3 >/proc/sys/vm/drop_caches");
        lab.run("dd if=/dev/vda of=/tmp/got bs=64k skip=100 count=40");
        lab.run("cmp /tmp/sent /tmp/got");
        assertThat(lab.run("cat /sys/block/vda/size")).isEqualTo(Long.toString(DISK_BYTES / 512));
        byte[] host = new byte[16];
        try (RandomAccessFile image =
                new RandomAccessFile(directory.resolve("disk").toFile(), "r")) {
            image.seek(100 * 65536L);
            image.readFully(host);
        }
        String sent = lab.run("hexdump -v -e '1/1 \"%02x\"' -n 16 /tmp/sent");
        assertThat(HexFormat.of().formatHex(host)).isEqualTo(sent);
    }

    private static void networkReachesTheHost(DeviceLab lab) throws Exception {
        host("ip", "addr", "replace", "192.0.2.1/24", "dev", TAP);
        lab.run("ip addr add 192.0.2.2/24 dev eth0 && ip link set eth0 up");
        lab.run("ping -c 1 -W 10 192.0.2.1");
    }

    private void consoleCarriesBothWays(DeviceLab lab) throws Exception {
        lab.run("echo from the guest >/dev/hvc0");
        assertThat(written.toString(StandardCharsets.UTF_8)).isEqualTo("from the guest\r\n");
        byte[] typed = "from the host\n".getBytes(StandardCharsets.UTF_8);
        VirtioConsole console = lab.machine().device("console0", VirtioConsole.class);
        lab.run("head -n 1 /dev/hvc0 >/tmp/heard & sleep 1");
        console.receive(typed, 0, typed.length);
        lab.run("wait");
        assertThat(lab.run("cat /tmp/heard")).isEqualTo("from the host");
    }

    private static void balloonTakesAndGives(DeviceLab lab) throws InterruptedException {
        VirtioBalloon balloon = lab.machine().device("balloon0", VirtioBalloon.class);
        for (long bytes : new long[] {32 << 20, 0}) {
            balloon.setTarget(bytes);
            while (balloon.actualBytes() != bytes) {
                Thread.sleep(10);
            }
        }
    }

    private synchronized int take(MemorySegment source, long offsetBytes, int lengthBytes) {
        written.writeBytes(source.asSlice(offsetBytes, lengthBytes).toArray(ValueLayout.JAVA_BYTE));
        return lengthBytes;
    }

    private Path image(String name) throws IOException {
        Path image = directory.resolve(name);
        if (!Files.exists(image)) {
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(DISK_BYTES);
            }
        }
        return image;
    }

    private static void host(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", List.of(command), output).isZero();
    }
}
