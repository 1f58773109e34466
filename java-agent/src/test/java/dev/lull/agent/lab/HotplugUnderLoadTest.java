package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.TapConfig;
import dev.lull.agent.machine.Footprint;
import dev.lull.agent.machine.Machine;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk and a NIC come and go while another disk and another NIC are in full use. */
@Tag("lab")
@Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM, Facility.ROOT})
class HotplugUnderLoadTest {
    private static final int ROUNDS = Soak.of(5, 100);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String HOST = "10.79.0.1";

    @Test
    void othersDoNotNotice(@TempDir Path directory) throws Exception {
        Host.run("modprobe", "tun");
        DiskConfig data = new DiskConfig("data", DebianGuest.image(directory, "data", 64));
        DiskConfig extraDisk = new DiskConfig("extra-disk", DebianGuest.image(directory, "extra", 16));
        try (DebianGuest guest = DebianGuest.boot(2, 512, List.of(data, tap("net", "lull-load")))) {
            Host.run("ip", "address", "add", HOST + "/24", "dev", "lull-load");
            Host.run("ip", "link", "set", "lull-load", "up");
            guest.run("modprobe virtio_net && ip address add 10.79.0.2/24 dev eth0 && ip link set eth0 up");
            Process server = Host.iperfServer();
            try {
                comeAndGo(guest, extraDisk); // drivers load, classes too
                guest.run(
                        "fio --name=load --filename=/dev/vdb --rw=randrw --bs=4k --iodepth=4 --ioengine=libaio --direct=1"
                                + " --thread --time_based --runtime=3600 --output-format=json --output=/tmp/fio & fio=$!");
                guest.run("iperf3 --client " + HOST + " --json --time 3600 --interval 1 >/tmp/iperf3 & iperf=$!");
                Footprint before = Footprint.measure();
                for (int round = 0; round < ROUNDS; round++) {
                    comeAndGo(guest, extraDisk);
                }
                assertThat(Footprint.measure()).isEqualTo(before);
                guest.run("kill -INT $fio $iperf; wait $fio; wait $iperf; true");
                assertThat(guest.run("sed -n '/^{/,$p' /tmp/fio"
                                + " | jq -M '.jobs[0] | [.read, .write] | map(.lat_ns.max) | max / 1e9 | floor'"))
                        .as("longest request, whole seconds")
                        .isEqualTo("0");
                assertThat(guest.run(
                                "jq -M '[.intervals[].sum | select(.seconds > 0.9) | .bytes] | min > 0' /tmp/iperf3"))
                        .as("bytes in every second")
                        .isEqualTo("true");
            } finally {
                server.destroy();
            }
            guest.endClean();
        }
    }

    private static void comeAndGo(DebianGuest guest, DiskConfig disk) throws InterruptedException {
        Machine machine = guest.machine();
        machine.attach(disk);
        machine.attach(tap("extra-net", "lull-extra"));
        guest.await("test -b /dev/vdc -a -e /sys/class/net/eth1");
        guest.run("dd if=/dev/vdc of=/dev/null bs=64k iflag=direct 2>/tmp/error || { cat /tmp/error; false; }");
        guest.run("ip link set eth1 up");
        machine.detach("extra-net", LIMIT);
        machine.detach("extra-disk", LIMIT);
        guest.run("test ! -e /dev/vdc -a ! -e /sys/class/net/eth1");
    }

    private static TapConfig tap(String id, String name) {
        return TapConfig.creating(id, name);
    }
}
