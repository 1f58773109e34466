package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.machine.GuestConsole;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.MachineEnd;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A stock kernel finds its keyboard, with the parameters of Firecracker's users too, and resets when Ctrl-Alt-Del is pressed. */
@Tag("lab")
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class KeyboardTest {
    private static final String FOUND = "grep -q 'AT Raw Set 2 keyboard' /proc/bus/input/devices";

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({"cloud, ''", "generic, i8042.reset", "cloud, i8042.noaux i8042.nomux i8042.dumbkbd"})
    void ctrlAltDelResets(String flavour, String parameters) throws InterruptedException {
        GuestConsole console = new GuestConsole();
        MachineConfig config = LabKernels.config(flavour, "vmlinuz", "shell", console)
                .commandLine("console=ttyS0 quiet lull.do=shell " + parameters)
                .keyboard(true)
                .build();
        try (Machine machine = Machine.create(config)) {
            machine.start();
            GuestShell shell = GuestShell.await(machine, console);
            shell.run(
                    "n=0; until " + FOUND + "; do n=$((n+1)); [ $n -lt 100 ] || break; usleep 100000; done; " + FOUND);
            assertThat(shell.run("dmesg").lines())
                    .filteredOn(line -> line.contains("i8042") || line.contains("atkbd"))
                    .noneMatch(line -> line.matches("(?i).*(fail|timeout|can't|spurious|unknown).*"));
            machine.sendCtrlAltDel();
            assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.RESET);
        }
    }
}
