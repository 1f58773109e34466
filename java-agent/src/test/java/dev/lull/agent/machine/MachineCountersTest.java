package dev.lull.agent.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RngConfig;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What other programs read of a machine in its counters file. */
@Requires(Facility.KVM)
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MachineCountersTest {
    private static final long MEMORY_BYTES = 64 << 20;

    @TempDir
    private Path directory;

    @Test
    void aReaderSeesWhatVcpusDo() throws Exception {
        try (Machine machine = Machine.create(config().build());
                CountersView view = CountersView.open(file())) {
            assertThat(view.read()).isEqualTo(new CountersReading(0, List.of(), 0, List.of()));
            machine.refreshCounters();
            CountersReading before = view.read();
            assertThat(before.timeNanos()).isPositive();
            assertThat(before.vcpus())
                    .containsExactly(
                            new CountersReading.Vcpu(0, 0, VcpuState.NEW),
                            new CountersReading.Vcpu(0, 0, VcpuState.NEW));
            machine.start();
            CountersReading running = awaitExits(machine, view, before);
            assertThat(running.vcpus().getFirst().state()).isEqualTo(VcpuState.RUNNING);
            assertThat(running.vcpus().getFirst().busyNanos())
                    .isPositive()
                    .isLessThanOrEqualTo(running.timeNanos() - before.timeNanos() + 50_000_000);
            machine.pause();
            machine.refreshCounters();
            CountersReading paused = view.read();
            assertThat(paused.vcpus())
                    .allSatisfy(vcpu -> assertThat(vcpu.state()).isEqualTo(VcpuState.PAUSED));
            Thread.sleep(20);
            machine.refreshCounters();
            assertThat(view.read().vcpus().getFirst().exits())
                    .isEqualTo(paused.vcpus().getFirst().exits());
            machine.resume();
            awaitExits(machine, view, paused);
            machine.stop();
            machine.awaitEnd();
            machine.refreshCounters();
            CountersReading ended = view.read();
            assertThat(ended.vcpus())
                    .allSatisfy(vcpu -> assertThat(vcpu.state()).isEqualTo(VcpuState.ENDED));
            assertThat(ended.vcpus().getFirst().busyNanos())
                    .isGreaterThanOrEqualTo(paused.vcpus().getFirst().busyNanos());
        }
    }

    @Test
    void memoryIsCountedAsTheHostProvidesIt() throws Exception {
        try (Machine machine = Machine.create(config().build());
                CountersView view = CountersView.open(file())) {
            machine.start();
            machine.refreshCounters();
            long bytes = view.read().residentBytes();
            // The kernel's image, what Linux would touch first, and no more than there is.
            assertThat(bytes).isPositive().isLessThan(MEMORY_BYTES);
            assertThat(bytes % 4096).isZero();
        }
    }

    @Test
    void devicesAreCountedBesideTheirMachine() throws Exception {
        try (Machine machine =
                        Machine.create(config().device(new RngConfig("vcpu0.x")).build());
                CountersView view = CountersView.open(file())) {
            machine.refreshCounters();
            assertThat(view.read().vcpus()).hasSize(2);
            assertThat(view.read().requests())
                    .containsExactly(new CountersReading.Requests("vcpu0.x", "read", 0, 0, 0, 0));
        }
    }

    @Test
    void thereIsRoomForWhatTheLargestMachineCounts() throws IOException {
        MachineConfig.Builder config = config().vcpus(MachineConfig.MAX_VCPUS);
        for (int i = 0; i < DeviceRoster.MAX_DEVICES; i++) {
            Path image = directory.resolve("disk" + i);
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(1 << 20);
            }
            config.device(new DiskConfig("a-disk-with-a-name-as-long-as-there-may-be-one-in-a-machine-" + i, image));
        }
        try (Machine machine = Machine.create(config.build());
                CountersView view = CountersView.open(file())) {
            machine.refreshCounters();
            CountersReading reading = view.read();
            assertThat(reading.vcpus()).hasSize(MachineConfig.MAX_VCPUS);
            int kinds = reading.requests().size();
            assertThat(kinds).isGreaterThanOrEqualTo(5 * DeviceRoster.MAX_DEVICES);
            // Of each vCPU three, of each kind of request four, of each disk another, of the machine two.
            assertThat(3 * MachineConfig.MAX_VCPUS + 4 * kinds + DeviceRoster.MAX_DEVICES + 2)
                    .isLessThanOrEqualTo(CountersFile.MAX_COUNTERS);
        }
    }

    @Test
    void aMachineThatIsGoneIsLetBe() {
        Machine machine = Machine.create(config().build());
        machine.refreshCounters();
        machine.close();
        machine.refreshCounters();
        assertThat(file()).doesNotExist();
        try (Machine without = Machine.create(MachineConfig.kernel(Payload.SPIN).build())) {
            without.refreshCounters();
        }
    }

    @Test
    void whatIsNoCountersFileIsRefused() throws IOException {
        assertThatThrownBy(() -> CountersView.open(file())).isInstanceOf(IOException.class);
        for (byte[] content : new byte[][] {{}, new byte[64], new byte[4096]}) {
            Files.write(file(), content);
            assertThatThrownBy(() -> CountersView.open(file()))
                    .isInstanceOf(IOException.class)
                    .hasMessage(file() + " is no counters file");
        }
        Machine machine = Machine.create(config().build());
        byte[] torn = Files.readAllBytes(file());
        machine.close();
        Files.write(file(), Arrays.copyOf(torn, torn.length / 2));
        assertThatThrownBy(() -> CountersView.open(file())).hasMessage(file() + " is not a whole counters file");
    }

    /** Refreshes until vCPU 0 has left the guest again. */
    private static CountersReading awaitExits(Machine machine, CountersView view, CountersReading before)
            throws InterruptedException {
        while (true) {
            Thread.sleep(5);
            machine.refreshCounters();
            CountersReading now = view.read();
            if (now.vcpus().getFirst().exits() > before.vcpus().getFirst().exits()) {
                return now;
            }
        }
    }

    private Path file() {
        return directory.resolve("vm.counters");
    }

    private MachineConfig.Builder config() {
        return MachineConfig.kernel(Payload.SPIN)
                .name("test")
                .vcpus(2)
                .memoryBytes(MEMORY_BYTES)
                .countersFile(file());
    }
}
