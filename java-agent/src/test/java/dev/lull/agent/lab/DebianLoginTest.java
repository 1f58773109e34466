package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RngConfig;
import dev.lull.agent.devices.TapConfig;
import dev.lull.agent.machine.GuestConsole;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.MachineEnd;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A stock Debian boots from its disk with its own initrd to a login, finds nothing wrong with its devices, and shuts down when
 * its power button is pressed.
 */
@Tag("lab")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM, Facility.ROOT})
class DebianLoginTest {
    private static final Duration LIMIT = Duration.ofMinutes(8);
    private static final int DEVICES = 4;

    @Test
    void stockDebianBootsToALogin(@TempDir Path directory) throws Exception {
        Path disk = directory.resolve("disk.img");
        Host.run("cp", "--sparse=always", LabKernels.debian("disk.img").toString(), disk.toString());
        Host.run("modprobe", "tun");
        GuestConsole console = new GuestConsole();
        MachineConfig config = MachineConfig.kernel(LabKernels.debian("vmlinuz"))
                .initrd(LabKernels.debian("initrd.img"))
                .commandLine("root=/dev/vda console=ttyS0 quiet")
                .memoryBytes(1L << 30)
                .vcpus(2)
                .hotplug(true)
                .consoleOutput(console)
                .device(new DiskConfig("root", disk))
                .device(new DiskConfig("data", DebianGuest.image(directory, "data", 64)))
                .device(TapConfig.creating("net", TapConfig.CREATED_NAME))
                .device(new RngConfig("rng"))
                .build();
        try (Machine machine = Machine.create(config)) {
            machine.start();
            GuestShell shell = GuestShell.login(machine, console, LIMIT);

            assertThat(shell.run("findmnt -rno SOURCE,FSTYPE,OPTIONS /")).startsWith("/dev/vda ext4 rw");
            assertThat(shell.run("lspci -vvv 2>&1 >/dev/null")).isEmpty();
            // lspci has no name for the capability through which config space reaches BARs (virtio 1.2 §4.1.4.9).
            String functions = shell.run("lspci -vvv").replace("VirtIO: <unknown>", "VirtIO: PciCfg");
            assertThat(functions).doesNotContainIgnoringCase("!!!", "unknown", "error:", "access denied", "unassigned");
            assertThat(functions.lines().filter(line -> line.contains("Kernel driver in use: virtio-pci")))
                    .hasSize(DEVICES);
            assertThat(functions.lines().filter(line -> line.contains("MSI-X: Enable+")))
                    .hasSize(DEVICES);
            assertThat(shell.run("dmesg --color=never").lines().filter(DeviceLab::isComplaint))
                    .isEmpty();

            machine.pressPowerButton();
            assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
        }
        Host.run("e2fsck", "-fn", disk.toString());
    }
}
