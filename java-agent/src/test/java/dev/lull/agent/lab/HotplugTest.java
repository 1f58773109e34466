package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.RngConfig;
import dev.lull.agent.machine.DeviceConfig;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Devices come and go under a Linux guest that uses them. */
@Tag("lab")
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class HotplugTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String SOURCES = "cat /sys/class/misc/hw_random/rng_available";

    @Test
    void devicesComeAndGo() throws Exception {
        try (DeviceLab lab = DeviceLab.boot(2, "", List.of(new RngConfig("first")))) {
            lab.run("dd if=/dev/hwrng of=/dev/null bs=1k count=8");
            for (int round = 0; round < 10; round++) {
                lab.machine().attach(new RngConfig("second"));
                lab.await("[ $(" + SOURCES + " | wc -w) = 2 ]");
                lab.machine().detach("second", LIMIT);
                assertThat(lab.run(SOURCES + " | wc -w")).isEqualTo("1");
            }
            lab.machine().detach("first", LIMIT);
            assertThat(lab.machine().deviceStats()).isEmpty();
            assertThat(lab.run("ls /sys/bus/pci/devices")).isEqualTo("0000:00:00.0");
            lab.endClean();
        }
    }

    @Test
    void aGuestEjectsUnasked() throws Exception {
        try (DeviceLab lab = DeviceLab.boot(1, "", List.of(new RngConfig("first")))) {
            lab.run("echo 0 >/sys/bus/pci/slots/1/power");
            while (!lab.machine().deviceStats().isEmpty()) {
                Thread.sleep(10);
            }
            lab.endClean();
        }
    }

    @Test
    void everySlotIsOfUse() throws Exception {
        List<DeviceConfig> devices = new ArrayList<>();
        for (int i = 1; i <= 31; i++) {
            devices.add(new RngConfig("rng" + i));
        }
        try (DeviceLab lab = DeviceLab.boot(2, "", devices)) {
            lab.await("[ $(" + SOURCES + " | wc -w) = 31 ]");
            for (String source : lab.run(SOURCES).split(" ", -1)) {
                lab.run("echo " + source + " >/sys/class/misc/hw_random/rng_current; "
                        + "dd if=/dev/hwrng of=/dev/null bs=64 count=1");
            }
            for (DeviceStats stats : lab.machine().deviceStats()) {
                assertThat(stats.requests().getFirst().requests())
                        .as(stats.device())
                        .isPositive();
            }
            lab.machine().detach("rng31", LIMIT);
            lab.endClean();
        }
    }

    @Test
    void withoutMessagesDevicesUseTheirPins() throws Exception {
        try (DeviceLab lab = DeviceLab.boot(2, "pci=nomsi", List.of(new RngConfig("a"), new RngConfig("b")))) {
            lab.run("dd if=/dev/hwrng of=/dev/null bs=1k count=8");
            assertThat(lab.run("cat /proc/interrupts")).containsPattern("IO-APIC +1[78]-fasteoi +virtio");
            lab.machine().detach("a", LIMIT);
            lab.run("dd if=/dev/hwrng of=/dev/null bs=1k count=8");
            lab.endClean();
        }
    }

    @Test
    void aPausedGuestsDevicesWaitWithIt() throws Exception {
        try (DeviceLab lab = DeviceLab.boot(2, "", List.of(new RngConfig("a")))) {
            lab.run("dd if=/dev/hwrng of=/dev/null bs=64 count=100000 & sleep 1");
            for (int round = 0; round < 20; round++) {
                lab.machine().pause();
                long before = requests(lab);
                Thread.sleep(20);
                assertThat(requests(lab)).isEqualTo(before);
                lab.machine().resume();
                while (requests(lab) == before) {
                    Thread.sleep(1);
                }
            }
            lab.run("kill %1");
            lab.endClean();
        }
    }

    private static long requests(DeviceLab lab) {
        return lab.machine().deviceStats().getFirst().requests().getFirst().requests();
    }
}
