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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A pause stops a Linux guest between two instructions, and a resume lets it go on. */
@Tag("lab")
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class PauseTest {
    @Test
    void pausedGuestStandsStillAndGoesOn() throws InterruptedException {
        GuestConsole console = new GuestConsole();
        MachineConfig config =
                LabKernels.config("cloud", "vmlinuz", "echo", console).vcpus(2).build();
        try (Machine machine = Machine.create(config)) {
            machine.start();
            console.await("lull-guest: init", LinuxGuest.LIMIT);
            for (int round = 0; round < 20; round++) {
                machine.pause();
                long exits = exits(machine);
                GuestConsole.type(machine, "round " + round);
                Thread.sleep(20);
                assertThat(exits(machine)).isEqualTo(exits);
                machine.resume();
                console.await("echo: round " + round, LinuxGuest.LIMIT);
            }
            machine.pause();
            machine.stop();
            assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.STOPPED);
        }
    }

    private static long exits(Machine machine) {
        return machine.exitStats().stream().mapToLong(stats -> stats.count(2)).sum();
    }
}
