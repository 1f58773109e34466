package dev.lull.device.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Base address registers are sized and moved as Linux does it, and a guest that moves them anywhere harms nobody. */
class BarTest {
    private static final int SLOT = 1;
    private static final int BAR0 = PciHeader.BARS;
    private static final int BAR1 = PciHeader.BARS + 4;
    private static final int BAR2 = PciHeader.BARS + 8;
    private static final long SIZE = 0x8000;

    /** Answers with its number, and remembers what it was told. */
    private static final class Recorder implements BarRegion {
        private final int number;
        private final List<String> events = new ArrayList<>();

        private Recorder(int number) {
            this.number = number;
        }

        @Override
        public long read(long offset, int sizeBytes) {
            return number + offset;
        }

        @Override
        public void write(long offset, int sizeBytes, long value) {
            events.add("%x=%x".formatted(offset, value));
        }

        @Override
        public void placed(long address) {
            events.add("placed %x".formatted(address));
        }

        @Override
        public void removed() {
            events.add("removed");
        }
    }

    private final TestMachine machine = new TestMachine();
    private final Recorder region = new Recorder(100);
    private final Recorder other = new Recorder(200);

    private PciFunction function(String name) {
        return new PciFunction(name, new PciIdentity(0x1AF4, 0x1042, 0x018000, 1, 0x1AF4, 0x1042));
    }

    private PciFunction plug(BarKind kind, long sizeBytes, Recorder recorder) {
        PciFunction function = function("test");
        function.addBar(0, kind, sizeBytes, recorder);
        machine.bus().plug(function);
        return function;
    }

    private void enable(int slot, int command) {
        machine.writeConfig(slot, PciHeader.COMMAND, 2, command);
    }

    @Test
    void a64BitRegisterIsSized() {
        plug(BarKind.MEMORY_64_PREFETCHABLE, 1L << 33, region);
        long low = machine.readConfig(SLOT, BAR0, 4);
        long high = machine.readConfig(SLOT, BAR1, 4);
        assertThat(low & 0xF).isEqualTo(0xC);
        assertThat((high << 32) | (low & ~0xFL)).isEqualTo(TestMachine.HIGH_WINDOW.start());
        machine.writeConfig(SLOT, BAR0, 4, 0xFFFF_FFFFL);
        assertThat(machine.readConfig(SLOT, BAR0, 4)).isEqualTo(0xC);
        machine.writeConfig(SLOT, BAR1, 4, 0xFFFF_FFFFL);
        assertThat(machine.readConfig(SLOT, BAR1, 4)).isEqualTo(0xFFFF_FFFEL);
    }

    @Test
    void a32BitRegisterIsSized() {
        plug(BarKind.MEMORY_32, SIZE, region);
        assertThat(machine.readConfig(SLOT, BAR0, 4)).isEqualTo(TestMachine.LOW_WINDOW.start());
        machine.writeConfig(SLOT, BAR0, 4, 0xFFFF_FFFFL);
        assertThat(machine.readConfig(SLOT, BAR0, 4)).isEqualTo(0xFFFF_8000L);
        machine.writeConfig(SLOT, BAR0, 4, 0);
        assertThat(machine.readConfig(SLOT, BAR0, 4)).isZero();
        machine.writeConfig(SLOT, BAR1, 4, 0xFFFF_FFFFL);
        assertThat(machine.readConfig(SLOT, BAR1, 4)).as("no such register").isZero();
    }

    @Test
    void portsAreSizedAndDecode() {
        plug(BarKind.IO, 32, region);
        assertThat(machine.readConfig(SLOT, BAR0, 4)).isEqualTo(0x1001);
        machine.writeConfig(SLOT, BAR0, 4, 0xFFFF_FFFFL);
        assertThat(machine.readConfig(SLOT, BAR0, 4)).isEqualTo(0xFFFF_FFE1L);
        machine.writeConfig(SLOT, BAR0, 4, 0x1040);
        enable(SLOT, PciHeader.COMMAND_MEMORY);
        assertThat(machine.readConfig(SLOT, PciHeader.COMMAND, 2))
                .as("it has no memory")
                .isZero();
        enable(SLOT, PciHeader.COMMAND_IO);
        assertThat(machine.readPort(0x1043, 1)).isEqualTo(103);
        assertThat(region.events).containsExactly("placed 1040");
    }

    @Test
    void aRegionAnswersOnlyWhileMemoryIsEnabled() {
        plug(BarKind.MEMORY_64, SIZE, region);
        long gpa = TestMachine.LOW_WINDOW.start();
        assertThat(machine.read(gpa, 4)).isEqualTo(0xFFFF_FFFFL);
        enable(SLOT, PciHeader.COMMAND_MEMORY);
        assertThat(machine.read(gpa + 4, 4)).isEqualTo(104);
        enable(SLOT, 0);
        assertThat(machine.read(gpa + 4, 4)).isEqualTo(0xFFFF_FFFFL);
        enable(SLOT, PciHeader.COMMAND_MEMORY | PciHeader.COMMAND_BUS_MASTER);
        enable(SLOT, PciHeader.COMMAND_MEMORY);
        assertThat(region.events).containsExactly("placed c0000000", "removed", "placed c0000000");
    }

    @Test
    void aRegionMovesWhileItDecodes() {
        plug(BarKind.MEMORY_64, SIZE, region);
        enable(SLOT, PciHeader.COMMAND_MEMORY);
        machine.writeConfig(SLOT, BAR0, 4, 0xC123_8000L);
        assertThat(machine.read(0xC123_8000L, 4)).isEqualTo(100);
        assertThat(machine.read(TestMachine.LOW_WINDOW.start(), 4)).isEqualTo(0xFFFF_FFFFL);
        machine.writeConfig(SLOT, BAR1, 4, 0x100);
        assertThat(machine.read(0xC123_8000L, 4)).isEqualTo(0xFFFF_FFFFL);
        assertThat(machine.read(0x100_C123_8000L, 4)).isEqualTo(100);
    }

    @Test
    void whatLiesElsewhereIsNotDisturbed() {
        plug(BarKind.MEMORY_64, SIZE, region);
        enable(SLOT, PciHeader.COMMAND_MEMORY);
        long[] anywhere = {
            0, 0x1000_0000L, 0xFEC0_0000L, 0xFEE0_0000L, TestMachine.ECAM_GPA, 0xFFFF_8000L, 0xCFFF_C000L, 0xBFFF_8000L
        };
        for (long gpa : anywhere) {
            for (long high : new long[] {0, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL}) {
                machine.writeConfig(SLOT, BAR1, 4, high);
                machine.writeConfig(SLOT, BAR0, 4, gpa);
                boolean answers = machine.read(((high << 32) | gpa) & -SIZE, 4) == 100;
                assertThat(answers).as("%x", gpa).isEqualTo(high == 0 && gpa == 0xCFFF_C000L);
                assertThat(machine.readConfig(0, PciHeader.VENDOR_ID, 2)).isEqualTo(0x1B36);
            }
        }
    }

    @Test
    void anOverlapAnswersOnlyOnceItsObstacleIsGone() {
        plug(BarKind.MEMORY_64, SIZE, region);
        plug(BarKind.MEMORY_64, SIZE, other);
        enable(1, PciHeader.COMMAND_MEMORY);
        enable(2, PciHeader.COMMAND_MEMORY);
        long first = TestMachine.LOW_WINDOW.start();
        long second = first + SIZE;
        assertThat(machine.read(second, 4)).isEqualTo(200);

        machine.writeConfig(2, BAR0, 4, first);
        assertThat(machine.read(first, 4)).as("the first keeps its place").isEqualTo(100);
        assertThat(machine.read(second, 4)).isEqualTo(0xFFFF_FFFFL);
        enable(1, 0);
        assertThat(machine.read(first, 4)).as("the second moves in").isEqualTo(200);
        enable(1, PciHeader.COMMAND_MEMORY);
        assertThat(machine.read(first, 4)).isEqualTo(200);
        machine.bus().unplug(2);
        assertThat(machine.read(first, 4)).isEqualTo(100);
    }

    @Test
    void aFunctionMayOverlapItself() {
        PciFunction function = function("test");
        function.addBar(0, BarKind.MEMORY_64, SIZE, region);
        function.addBar(2, BarKind.MEMORY_32, 0x1000, other);
        machine.bus().plug(function);
        enable(SLOT, PciHeader.COMMAND_MEMORY);
        machine.writeConfig(SLOT, BAR2, 4, TestMachine.LOW_WINDOW.start());
        assertThat(machine.read(TestMachine.LOW_WINDOW.start(), 4)).isEqualTo(100);
    }

    @Test
    void addressesOfWhatIsUnpluggedAreUsedAgain() {
        for (int round = 0; round < 10_000; round++) {
            PciFunction function = function("test");
            function.addBar(0, BarKind.MEMORY_32, 1 << 27, new Recorder(0));
            int slot = machine.bus().plug(function);
            assertThat(slot).isEqualTo(1);
            assertThat(machine.readConfig(slot, BAR0, 4)).isEqualTo(0xC000_0000L);
            machine.bus().unplug(slot);
        }
    }

    @Test
    void aFunctionWithoutRoomIsRefused() {
        plug(BarKind.MEMORY_32, 1 << 27, region);
        plug(BarKind.MEMORY_32, 1 << 27, other);
        assertThatThrownBy(() -> plug(BarKind.MEMORY_32, 0x1000, new Recorder(0)))
                .hasMessage("test: no 0x1000 bytes of PCI memory addresses are left for it");
        assertThat(machine.bus().function(3)).isNull();
    }

    @Test
    void aFunctionOffTheBusCannotComeBackByALateWrite() {
        PciFunction function = plug(BarKind.MEMORY_64, SIZE, region);
        enable(SLOT, PciHeader.COMMAND_MEMORY);
        machine.bus().unplug(SLOT);
        function.write(PciHeader.COMMAND, 2, 0);
        function.write(PciHeader.COMMAND, 2, PciHeader.COMMAND_MEMORY);
        assertThat(machine.read(TestMachine.LOW_WINDOW.start(), 4)).isEqualTo(0xFFFF_FFFFL);
        assertThat(region.events).containsExactly("placed c0000000", "removed");
    }

    @Test
    void impossibleRegistersAreRefused() {
        PciFunction function = function("test");
        assertThatThrownBy(() -> function.addBar(5, BarKind.MEMORY_64, SIZE, region))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> function.addBar(0, BarKind.MEMORY_32, 24, region))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> function.addBar(0, BarKind.MEMORY_32, 8, region))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
