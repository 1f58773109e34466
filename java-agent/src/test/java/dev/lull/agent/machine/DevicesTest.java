package dev.lull.agent.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.agent.devices.RngConfig;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A machine's devices around a guest that knows nothing of them. */
@Requires(Facility.KVM)
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DevicesTest {
    private static final int CYCLES = 50;

    /** A device that cannot be had. */
    private record Refused(String id, List<String> claims) implements DeviceConfig {
        @Override
        public VirtioDevice open(DeviceSite site) {
            site.stats().counter("never.counted");
            throw new ConfigException(id + ": not today");
        }
    }

    @Test
    void startStopCyclesLeaveNothingBehind() throws Exception {
        Footprint before = null;
        for (int cycle = 0; cycle <= CYCLES; cycle++) {
            try (Machine machine = Machine.create(config().device(new RngConfig("a"))
                    .device(new RngConfig("b"))
                    .build())) {
                machine.start();
                machine.attach(new RngConfig("c"));
                machine.pause();
                machine.attach(new RngConfig("d"));
                if (cycle % 2 == 0) {
                    machine.resume();
                    machine.stop();
                }
            }
            if (cycle == 0) {
                before = Footprint.measure();
            }
        }
        assertThat(Footprint.measure()).isEqualTo(before);
    }

    @Test
    void aGuestThatDoesNotAnswerKeepsItsDevice() throws InterruptedException {
        try (Machine machine =
                Machine.create(config().device(new RngConfig("a")).build())) {
            machine.start();
            assertThatThrownBy(() -> machine.detach("a", Duration.ofMillis(20)))
                    .isInstanceOf(MachineException.class)
                    .hasMessage("a: the guest did not give it up within 20 ms; it stays attached");
            assertThat(machine.deviceStats()).extracting(DeviceStats::device).containsExactly("a");
            assertThatThrownBy(() -> machine.attach(new RngConfig("a")))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("two devices with id a");
            assertThatThrownBy(() -> machine.detach("b", Duration.ofSeconds(1)))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("no device b");
        }
    }

    @Test
    void aMachineTakesAsManyDevicesAsItHasSlots() {
        MachineConfig.Builder config = config();
        for (int i = 0; i < DeviceRoster.MAX_DEVICES; i++) {
            config.device(new RngConfig("rng" + i));
        }
        try (Machine machine = Machine.create(config.build())) {
            assertThat(machine.deviceStats()).hasSize(31);
            assertThatThrownBy(() -> machine.attach(new RngConfig("more")))
                    .isInstanceOf(ConfigException.class)
                    .hasMessage("32 devices: a machine has slots for 31");
        }
        config.device(new RngConfig("more"));
        assertThatThrownBy(config::build)
                .isInstanceOf(ConfigException.class)
                .hasMessage("32 devices: a machine has slots for 31");
    }

    @Test
    void whatTwoDevicesMayNotShareIsRefused() {
        assertThatThrownBy(() -> config().device(new RngConfig("a"))
                        .device(new RngConfig("a"))
                        .build())
                .isInstanceOf(ConfigException.class)
                .hasMessage("two devices with id a: give one of them another id");
        assertThatThrownBy(() -> config().device(new Refused("a", List.of("MAC 52:54:00:00:00:01")))
                        .device(new Refused("b", List.of("MAC 52:54:00:00:00:01")))
                        .build())
                .isInstanceOf(ConfigException.class)
                .hasMessage("a and b both have MAC 52:54:00:00:00:01: give one of them another");
        assertThatThrownBy(() -> config().device(new RngConfig("no spaces")).build())
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("device id 'no spaces'");
    }

    @Test
    void aDeviceThatCannotBeHadLeavesNothingBehind(@TempDir Path directory) throws Exception {
        Footprint before = Footprint.measure();
        Path counters = directory.resolve("counters");
        MachineConfig config = config().countersFile(counters)
                .device(new RngConfig("a"))
                .device(new Refused("b", List.of()))
                .build();
        assertThatThrownBy(() -> Machine.create(config))
                .isInstanceOf(ConfigException.class)
                .hasMessage("b: not today");
        assertThat(counters).doesNotExist();
        assertThat(Footprint.measure().threads()).isEqualTo(before.threads());
    }

    @Test
    void aMachineWithoutPciTakesNoDevice() {
        try (Machine machine = Machine.create(config().build())) {
            assertThatThrownBy(() -> machine.attach(new RngConfig("a")))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("no PCI bus");
            assertThatThrownBy(machine::pressPowerButton)
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("no power button");
            assertThat(machine.deviceStats()).isEmpty();
        }
        try (Machine machine = Machine.create(config().hotplug(true).build())) {
            machine.attach(new RngConfig("a"));
            assertThat(machine.deviceStats()).hasSize(1);
        }
    }

    @Test
    void thePowerButtonIsThereAsLongAsTheMachine() {
        Machine machine = Machine.create(config().hotplug(true).build());
        try (machine) {
            machine.pressPowerButton();
            machine.start();
            machine.pressPowerButton();
            assertThat(machine.end()).isNull();
        }
        assertThatThrownBy(machine::pressPowerButton)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("test has ended");
    }

    @Test
    void countersAreInAFileAsLongAsTheMachineIs(@TempDir Path directory) throws Exception {
        Path counters = directory.resolve("new/vm.counters");
        try (Machine machine = Machine.create(
                config().countersFile(counters).device(new RngConfig("entropy")).build())) {
            assertThat(machine.deviceStats()).hasSize(1);
            ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(counters)).order(ByteOrder.LITTLE_ENDIAN);
            byte[] magic = new byte[8];
            file.get(0, magic);
            assertThat(new String(magic, StandardCharsets.US_ASCII)).isEqualTo("LULLCNT1");
            assertThat(file.getLong(16)).isEqualTo(ProcessHandle.current().pid());
            assertThat(file.limit()).isEqualTo(CountersFile.HEADER_BYTES + file.getInt(8) + file.getInt(12));
            assertThat(new String(file.array(), StandardCharsets.US_ASCII)).contains("entropy.read.requests");
        }
        assertThat(counters).doesNotExist();
        assertThatThrownBy(() -> Machine.create(config().hotplug(true)
                        .countersFile(Path.of("/proc/none/vm.counters"))
                        .build()))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("counters file /proc/none/vm.counters cannot be written");
    }

    private static MachineConfig.Builder config() {
        return MachineConfig.kernel(Payload.SPIN).name("test").vcpus(2).memoryBytes(64 << 20);
    }
}
