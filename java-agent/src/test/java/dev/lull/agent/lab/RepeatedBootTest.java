package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.machine.Footprint;
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

/** Twenty boots in a row leave nothing behind. */
@Tag("lab")
@Timeout(value = 6, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class RepeatedBootTest {
    private static final int BOOTS_IN_A_ROW = 20;

    @Test
    void twentyBootsLeaveNothingBehind() throws Exception {
        Footprint before = null;
        for (int boot = 0; boot < BOOTS_IN_A_ROW; boot++) {
            GuestConsole console = new GuestConsole();
            MachineConfig config = LabKernels.config("cloud", "vmlinuz", "poweroff", console)
                    .vcpus(1 + boot % 2)
                    .build();
            try (Machine machine = Machine.create(config)) {
                machine.start();
                assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
            }
            if (boot == 0) {
                before = Footprint.measure();
            }
        }
        assertThat(Footprint.measure()).isEqualTo(before);
    }
}
