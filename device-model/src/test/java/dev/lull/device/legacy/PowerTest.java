package dev.lull.device.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The registers that end a machine or mark its boot do so for the one value that means it. */
class PowerTest {
    private final List<String> events = new ArrayList<>();

    @Test
    void sleepControlPowersOffForS5Only() {
        PowerRegisters registers = powerRegisters();
        for (int value = 0; value < 0x100; value++) {
            registers.write(0, 1, value);
        }
        // SLP_EN with type 5; the two lowest bits and the two highest are reserved and ignored.
        assertThat(events).hasSize(16).containsOnly("off");
    }

    @Test
    void resetRegisterResetsForItsValueOnly() {
        PowerRegisters registers = powerRegisters();
        for (int value = 0; value < 0x100; value++) {
            registers.write(2, 1, value);
            registers.write(1, 1, value);
        }
        assertThat(events).containsExactly("reset");
        assertThat(registers.read(0, 1)).isZero();
    }

    @Test
    void bootTimerHearsItsSignal() {
        BootTimer timer = new BootTimer(() -> events.add("boot"));
        for (int value = 0; value < 0x100; value++) {
            timer.write(0, 1, value);
        }
        assertThat(events).containsExactly("boot");
        assertThat(timer.read(0, 1)).isZero();
    }

    @Test
    void aPressedButtonAsksUntilItIsRead() {
        boolean[] asserted = {false};
        PowerButton button = new PowerButton(level -> asserted[0] = level);
        assertThat(button.read(0, 4)).isZero();
        button.press();
        button.press();
        button.write(0, 4, 0);
        assertThat(button.read(0, 2)).isZero();
        assertThat(button.read(2, 4)).isZero();
        assertThat(asserted[0]).isTrue();
        assertThat(button.read(0, 4)).isEqualTo(1);
        assertThat(asserted[0]).isFalse();
        assertThat(button.read(0, 4)).isZero();
    }

    private PowerRegisters powerRegisters() {
        return new PowerRegisters(() -> events.add("off"), () -> events.add("reset"));
    }
}
