package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RateLimit;
import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.machine.GuestConsole;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.MachineEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

/** Debian with fio and iperf3 on a read-only disk, {@code /dev/vda}, ready for commands in seconds. */
final class DebianGuest implements AutoCloseable {
    private static final Duration COMMAND_LIMIT = Soak.of(Duration.ofMinutes(3), Duration.ofMinutes(10));

    private final Machine machine;
    private final GuestShell shell;

    private DebianGuest(Machine machine, GuestShell shell) {
        this.machine = machine;
        this.shell = shell;
    }

    /** Boots a guest that has {@code devices} besides its root disk. */
    static DebianGuest boot(int vcpus, int memoryMib, List<? extends DeviceConfig> devices)
            throws InterruptedException {
        return boot(config -> config.vcpus(vcpus), memoryMib, devices);
    }

    /** As the other, with a vCPU on each of {@code pins}, CPUs of the host. */
    static DebianGuest boot(List<Integer> pins, int memoryMib, List<? extends DeviceConfig> devices)
            throws InterruptedException {
        return boot(config -> config.vcpus(pins.size()).pin(pins), memoryMib, devices);
    }

    /** As the others, with vCPUs, and whatever else, that {@code vcpus} gives it. */
    static DebianGuest boot(
            UnaryOperator<MachineConfig.Builder> vcpus, int memoryMib, List<? extends DeviceConfig> devices)
            throws InterruptedException {
        GuestConsole console = new GuestConsole();
        MachineConfig.Builder config = vcpus.apply(MachineConfig.kernel(LabKernels.debian("vmlinuz"))
                .initrd(LabKernels.quickInitrd())
                .commandLine("console=ttyS0 quiet")
                .memoryBytes((long) memoryMib << 20)
                .hotplug(true)
                .consoleOutput(console)
                .device(new DiskConfig("root", LabKernels.debian("disk.img"), "root", true, false, 1, RateLimit.NONE)));
        devices.forEach(config::device);
        Machine machine = Machine.create(config.build());
        try {
            machine.start();
            return new DebianGuest(machine, GuestShell.await(machine, console).patient(COMMAND_LIMIT));
        } catch (AssertionError | RuntimeException | InterruptedException e) {
            machine.close();
            throw e;
        }
    }

    Machine machine() {
        return machine;
    }

    /** What {@code command}, one line, writes in the guest; it must succeed. */
    String run(String command) throws InterruptedException {
        return shell.run(command);
    }

    /** Waits until {@code condition} holds in the guest. */
    void await(String condition) throws InterruptedException {
        run("n=0; until %s || ((++n == 300)); do sleep 0.1; done; %s".formatted(condition, condition));
    }

    /** The kernel has nothing to complain of, and the guest powers off. */
    void endClean() throws InterruptedException {
        // The quick initrd's modules have lost their signatures.
        assertThat(run("dmesg --color=never | grep -v 'module verification failed'")
                        .lines()
                        .filter(DeviceLab::isComplaint))
                .isEmpty();
        shell.powerOff();
        assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
    }

    /** A new disk image of {@code mebibytes} in memory, written throughout. */
    static Path image(Path directory, String name, int mebibytes) throws IOException {
        Path image = directory.resolve(name);
        Files.write(image, new byte[mebibytes << 20]);
        return image;
    }

    @Override
    public void close() {
        machine.close();
    }
}
