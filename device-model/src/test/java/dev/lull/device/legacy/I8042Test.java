package dev.lull.device.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The keyboard controller, as Linux's drivers i8042, libps2 and atkbd use it, and as none should. */
class I8042Test {
    private static final int DATA = 0;
    private static final int COMMAND = 4;
    private static final int OUTPUT_FULL = 1;
    private static final int[] MAKES = {0x14, 0x11, 0xE0, 0x71};
    private static final int[] BREAKS = {0xE0, 0xF0, 0x71, 0xF0, 0x11, 0xF0, 0x14};

    private int resets;
    private int interrupts;
    private final I8042 controller = new I8042(() -> resets++, () -> interrupts++);

    private int status() {
        return (int) controller.read(COMMAND, 1);
    }

    private boolean isFull() {
        return (status() & OUTPUT_FULL) != 0;
    }

    private int take() {
        assertThat(isFull()).isTrue();
        return (int) controller.read(DATA, 1);
    }

    private void command(int command, int... data) {
        controller.write(COMMAND, 1, command);
        for (int octet : data) {
            controller.write(DATA, 1, octet);
        }
    }

    private int ask(int command) {
        command(command);
        return take();
    }

    /** What the keyboard answers, each byte with an interrupt of its own. */
    private List<Integer> tell(int octet) {
        int before = interrupts;
        controller.write(DATA, 1, octet);
        List<Integer> answer = takeAll();
        assertThat(interrupts - before).isEqualTo(answer.size());
        return answer;
    }

    private List<Integer> takeAll() {
        List<Integer> octets = new ArrayList<>();
        while (isFull()) {
            octets.add(take());
        }
        return octets;
    }

    /** What Linux 6.1's i8042_controller_init and i8042_setup_kbd write. */
    private void begin() {
        int control = ask(0x20);
        command(0x60, (control | 0x10) & ~1);
        command(0x60, (control & ~0x10) | 1);
    }

    @Test
    void aFreshControllerIsIdleTestedUnlockedAndDoesNotTranslate() {
        assertThat(status()).isEqualTo(0x14);
        assertThat(ask(0x20)).isEqualTo(0x05);
        assertThat(ask(0xAA)).isEqualTo(0x55);
        assertThat(ask(0xAB)).isZero();
        assertThat(ask(0xD0)).isEqualTo(3);
        assertThat(controller.read(DATA, 1)).isZero();
        assertThat(interrupts).isZero();
    }

    @Test
    void theControlByteIsKept() {
        command(0x60, 0x74);
        assertThat(ask(0x20)).as("without translation").isEqualTo(0x34);
        command(0xAE);
        assertThat(ask(0x20)).isEqualTo(0x24);
        command(0xAD);
        assertThat(ask(0x20)).isEqualTo(0x34);
        assertThat(status() & 8).as("the last byte was a command").isEqualTo(8);
        controller.write(DATA, 1, 0xEE);
        assertThat(status() & 8).isZero();
    }

    @Test
    void nothingIsBehindTheSecondPort() {
        command(0xD3, 0x5A);
        assertThat(status() & 0x20).as("not of the second port").isZero();
        assertThat(take()).isEqualTo(0x5A);
        assertThat(ask(0xA9)).isEqualTo(1);
        command(0xD4, 0xF2);
        command(0xD1, 0xDF);
        command(0xA8);
        assertThat(isFull()).isFalse();
    }

    @Test
    void theKeyboardIsFound() {
        begin();
        assertThat(tell(0xF2)).containsExactly(0xFA, 0xAB, 0x83);
        assertThat(tell(0xF5)).containsExactly(0xFA);
        assertThat(tell(0xED)).containsExactly(0xFA);
        assertThat(tell(0)).containsExactly(0xFA);
        assertThat(tell(0xF3)).containsExactly(0xFA);
        assertThat(tell(0)).containsExactly(0xFA);
        assertThat(tell(0xF4)).containsExactly(0xFA);
        assertThat(tell(0xFF)).containsExactly(0xFA, 0xAA);
        assertThat(tell(0xF0)).containsExactly(0xFA);
        assertThat(tell(0)).containsExactly(0xFA, 2);
        assertThat(tell(0xEE)).containsExactly(0xEE);
    }

    @Test
    void aCommandInPlaceOfAParameterIsACommand() {
        begin();
        assertThat(tell(0xED)).containsExactly(0xFA);
        assertThat(tell(0xF2)).containsExactly(0xFA, 0xAB, 0x83);
    }

    @Test
    void ctrlAltDelGoesDownAndUp() {
        begin();
        assertThat(controller.pressCtrlAltDel()).isTrue();
        assertThat(interrupts).isEqualTo(1);
        assertThat(takeAll())
                .containsExactly(
                        MAKES[0], MAKES[1], MAKES[2], MAKES[3], BREAKS[0], BREAKS[1], BREAKS[2], BREAKS[3], BREAKS[4],
                        BREAKS[5], BREAKS[6]);
        assertThat(interrupts).isEqualTo(11);
        assertThat(controller.pressCtrlAltDel()).isTrue();
    }

    @Test
    void keysWaitWhileTheirPortIsOff() {
        begin();
        command(0xAD);
        assertThat(controller.pressCtrlAltDel()).isTrue();
        assertThat(isFull()).isFalse();
        assertThat(interrupts).isZero();
        assertThat(ask(0x20)).isEqualTo(0x15);
        command(0xAE);
        assertThat(interrupts).isEqualTo(1);
        assertThat(take()).isEqualTo(MAKES[0]);
    }

    @Test
    void answersGoBeforeKeys() {
        begin();
        controller.pressCtrlAltDel();
        assertThat(take()).isEqualTo(MAKES[0]);
        assertThat(ask(0xAA)).isEqualTo(0x55);
        controller.write(DATA, 1, 0xEE);
        assertThat(take()).isEqualTo(0xEE);
        assertThat(take()).isEqualTo(MAKES[1]);
    }

    @Test
    void withoutItsInterruptTheKeyboardIsPolled() {
        command(0x60, 0x04);
        assertThat(controller.pressCtrlAltDel()).isTrue();
        assertThat(interrupts).isZero();
        command(0x60, 0x05);
        assertThat(interrupts).isEqualTo(1);
        assertThat(take()).isEqualTo(MAKES[0]);
        assertThat(interrupts).isEqualTo(2);
    }

    @Test
    void aKeyboardNobodyListensToIsNotPressed() {
        assertThat(controller.pressCtrlAltDel()).isTrue();
        assertThat(controller.pressCtrlAltDel())
                .as("keys that nobody reads are kept, as Linux flushes 16 at most")
                .isFalse();
        assertThat(takeAll()).hasSize(11);
        begin();
        tell(0xF5);
        assertThat(controller.pressCtrlAltDel()).isFalse();
        tell(0xF4);
        assertThat(controller.pressCtrlAltDel()).isTrue();
    }

    @Test
    void oneCommandResets() {
        for (int value = 0; value < 0x100; value++) {
            for (int offset = 0; offset < I8042.LENGTH_BYTES; offset++) {
                controller.write(offset, 1, value);
            }
        }
        assertThat(resets).isEqualTo(1);
    }

    @Test
    void whateverIsWrittenNothingIsStuck() {
        SplittableRandom random = new SplittableRandom(20261127);
        for (int i = 0; i < 200_000; i++) {
            int offset = random.nextInt(I8042.LENGTH_BYTES);
            switch (random.nextInt(3)) {
                case 0 -> controller.write(offset, 1 << random.nextInt(3), random.nextLong());
                case 1 -> assertThat(controller.read(offset, 1)).isBetween(0L, 255L);
                default -> controller.pressCtrlAltDel();
            }
        }
        command(0x60, 0x05);
        takeAll();
        tell(0xFF);
        assertThat(controller.pressCtrlAltDel()).isTrue();
        assertThat(takeAll()).hasSize(11);
    }
}
