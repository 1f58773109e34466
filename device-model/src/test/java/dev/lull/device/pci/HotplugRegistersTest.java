package dev.lull.device.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HotplugRegistersTest {
    private boolean asserted;
    private final List<Integer> ejected = new ArrayList<>();
    private final HotplugRegisters registers = new HotplugRegisters(level -> asserted = level, ejected::add);

    @Test
    void interruptStaysUntilAllIsRead() {
        registers.announce(1);
        registers.announce(31);
        registers.requestEject(2);
        assertThat(asserted).isTrue();
        assertThat(registers.read(HotplugRegisters.UP, 4)).isEqualTo(0x8000_0002L);
        assertThat(asserted).isTrue();
        assertThat(registers.read(HotplugRegisters.DOWN, 4)).isEqualTo(4);
        assertThat(asserted).isFalse();
        assertThat(registers.read(HotplugRegisters.UP, 4)).isZero();
        assertThat(registers.read(HotplugRegisters.DOWN, 4)).isZero();
    }

    @Test
    void whatIsWithdrawnIsNeverRead() {
        registers.requestEject(3);
        registers.withdraw(3);
        assertThat(asserted).isFalse();
        assertThat(registers.read(HotplugRegisters.DOWN, 4)).isZero();
    }

    @Test
    void ejectsEverySlotWritten() {
        registers.write(HotplugRegisters.EJECT, 4, 0x8000_0006L);
        assertThat(ejected).containsExactly(1, 2, 31);
    }

    @Test
    void otherWidthsAndPlacesDoNothing() {
        registers.announce(1);
        registers.write(HotplugRegisters.EJECT, 2, 2);
        registers.write(HotplugRegisters.UP, 4, 2);
        registers.write(HotplugRegisters.EJECT + 1, 4, 2);
        assertThat(ejected).isEmpty();
        for (int offset = 0; offset < HotplugRegisters.LENGTH_BYTES; offset++) {
            for (int size = 1; size <= 8; size++) {
                if (size != 4 || offset % 4 != 0) {
                    assertThat(registers.read(offset, size)).isZero();
                }
            }
        }
        assertThat(asserted).isTrue();
        assertThat(registers.read(HotplugRegisters.UP, 4)).isEqualTo(2);
    }
}
