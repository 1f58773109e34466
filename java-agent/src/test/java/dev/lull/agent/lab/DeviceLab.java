package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.machine.GuestConsole;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.MachineEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/** Debian's cloud kernel with the drivers of every virtio device loaded, and a shell. */
final class DeviceLab implements AutoCloseable {
    private static final String[] DRIVERS = {
        "virtio_pci",
        "virtio-rng",
        "virtio_blk",
        "virtio_net",
        "vmw_vsock_virtio_transport",
        "virtio_balloon",
        "virtio_console"
    };

    private final Path initrd;
    private final Machine machine;
    private final GuestShell shell;

    private DeviceLab(Path initrd, Machine machine, GuestShell shell) {
        this.initrd = initrd;
        this.machine = machine;
        this.shell = shell;
    }

    /** Boots a guest that has {@code devices}. */
    static DeviceLab boot(int vcpus, String kernelArguments, List<DeviceConfig> devices)
            throws IOException, InterruptedException {
        return boot(config -> config.vcpus(vcpus), kernelArguments, devices);
    }

    /** As the other, with a vCPU on each of {@code pins}, CPUs of the host. */
    static DeviceLab boot(List<Integer> pins, String kernelArguments, List<DeviceConfig> devices)
            throws IOException, InterruptedException {
        return boot(config -> config.vcpus(pins.size()).pin(pins), kernelArguments, devices);
    }

    private static DeviceLab boot(
            UnaryOperator<MachineConfig.Builder> vcpus, String kernelArguments, List<DeviceConfig> devices)
            throws IOException, InterruptedException {
        GuestConsole console = new GuestConsole();
        Path initrd = Files.createTempFile("lull-drivers", ".initrd");
        DriversInitrd.write(initrd, LabKernels.initrd(), LabKernels.modules("cloud"), DRIVERS);
        MachineConfig.Builder config = vcpus.apply(LabKernels.config("cloud", "vmlinuz", "shell", console)
                .commandLine("console=ttyS0 quiet lull.do=shell " + kernelArguments)
                .initrd(initrd)
                .hotplug(true));
        devices.forEach(config::device);
        Machine machine = Machine.create(config.build());
        try {
            machine.start();
            GuestShell shell = GuestShell.await(machine, console);
            shell.run("for module in /modules/*; do insmod $module || exit 1; done");
            return new DeviceLab(initrd, machine, shell);
        } catch (AssertionError | RuntimeException | InterruptedException e) {
            machine.close();
            throw e;
        }
    }

    Machine machine() {
        return machine;
    }

    /** What {@code command} writes in the guest; it must succeed. */
    String run(String command) throws InterruptedException {
        return shell.run(command);
    }

    /** Waits until {@code condition} holds in the guest. */
    void await(String condition) throws InterruptedException {
        shell.run("n=0; until " + condition + "; do n=$((n+1)); [ $n -lt 300 ] || break; usleep 100000; done; "
                + condition);
    }

    /** The kernel has nothing to complain of, and the guest powers off. */
    void endClean() throws InterruptedException {
        String log = run("dmesg");
        assertThat(log.lines().filter(DeviceLab::isComplaint)).isEmpty();
        shell.powerOff();
        assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
    }

    @Override
    public void close() throws IOException {
        machine.close();
        Files.delete(initrd);
    }

    /** Whether a line of the kernel tells of something wrong with a device. */
    static boolean isComplaint(String line) {
        return line.matches("(?i).*(virtio|pci|acpi|vd[a-z]|blk|irq|BUG|WARNING).*")
                && line.matches(
                        "(?i).*(error|fail|warn|bug:|can't|cannot|invalid|no space|timed? ?out|unhandled|nobody).*");
    }
}
