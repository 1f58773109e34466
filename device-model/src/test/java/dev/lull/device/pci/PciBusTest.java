package dev.lull.device.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.virtio.Allocations;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Functions are found by both mechanisms, in all widths; absent ones read as all ones. */
class PciBusTest {
    private static final int ADDRESS = ConfigPorts.PORT;
    private static final int DATA = ConfigPorts.PORT + 4;

    private final TestMachine machine = new TestMachine();

    private static PciFunction function(String name) {
        return new PciFunction(name, new PciIdentity(0x1AF4, 0x1041, 0x020000, 1, 0x1AF5, 0x1142));
    }

    private void select(int slot, int register) {
        machine.writePort(ADDRESS, 4, 0x8000_0000L | ((long) slot << 11) | (register & 0xFC));
    }

    @Test
    void theHeaderIsExact() {
        PciFunction function = function("net");
        function.addIntx();
        machine.bus().plug(function);
        long[] header = {
            0x1041_1AF4, 0x0000_0000, 0x0200_0001, 0, 0, 0, 0, 0, 0, 0, 0, 0x1142_1AF5, 0, 0, 0, 0x0000_0100
        };
        for (int i = 0; i < header.length; i++) {
            assertThat(machine.readConfig(1, 4 * i, 4)).as("dword %d", i).isEqualTo(header[i]);
        }
        for (int offset = 0; offset < ConfigSpace.SIZE_BYTES; offset += 4) {
            machine.writeConfig(1, offset, 4, 0xFFFF_FFFFL);
        }
        header[1] = 0x0000_0544;
        header[3] = 0x0000_00FF;
        header[15] = 0x0000_01FF;
        for (int i = 0; i < header.length; i++) {
            assertThat(machine.readConfig(1, 4 * i, 4)).as("dword %d", i).isEqualTo(header[i]);
        }
    }

    @Test
    void theHostBridgeIsInSlot0() {
        assertThat(machine.readConfig(0, PciHeader.CLASS_CODE, 1)).isZero();
        assertThat(machine.readConfig(0, PciHeader.CLASS_CODE + 1, 2)).isEqualTo(0x0600);
        assertThatThrownBy(() -> machine.bus().plug(0, function("a"))).hasMessage("a: slot 0 is taken by host bridge");
    }

    @Test
    void portsReachRegistersInAllWidths() {
        machine.bus().plug(function("net"));
        select(1, PciHeader.SUBSYSTEM_VENDOR_ID);
        assertThat(machine.readPort(DATA, 4)).isEqualTo(0x1142_1AF5);
        assertThat(machine.readPort(DATA + 2, 2)).isEqualTo(0x1142);
        assertThat(machine.readPort(DATA, 2)).isEqualTo(0x1AF5);
        assertThat(machine.readPort(DATA + 3, 1)).isEqualTo(0x11);
        assertThat(machine.readPort(DATA + 1, 1)).isEqualTo(0x1A);
        assertThat(machine.readPort(DATA + 2, 4)).as("over the end").isEqualTo(0xFFFF_FFFFL);

        select(1, PciHeader.INTERRUPT_LINE);
        machine.writePort(DATA, 1, 0x0B);
        assertThat(machine.readConfig(1, PciHeader.INTERRUPT_LINE, 1)).isEqualTo(0x0B);
        machine.writePort(DATA + 3, 2, 0x0C0C);
        select(1, PciHeader.COMMAND);
        machine.writePort(DATA, 2, 0x0404);
        assertThat(machine.readConfig(1, PciHeader.COMMAND, 2)).isEqualTo(0x0404);
    }

    @Test
    void theAddressPortIsReadBack() {
        machine.writePort(ADDRESS, 4, 0xFFFF_FFFFL);
        assertThat(machine.readPort(ADDRESS, 4)).isEqualTo(0x80FF_FFFCL);
        machine.writePort(ADDRESS, 4, 0x8000_0000L);
        machine.writePort(ADDRESS + 3, 1, 1);
        machine.writePort(ADDRESS, 2, 0x1234);
        assertThat(machine.readPort(ADDRESS, 4)).as("what Linux looks for").isEqualTo(0x8000_0000L);
        assertThat(machine.readPort(ADDRESS + 1, 1)).isEqualTo(0xFF);
        machine.writePort(ADDRESS, 4, 0);
        assertThat(machine.readPort(DATA, 4)).as("not enabled").isEqualTo(0xFFFF_FFFFL);
    }

    @Test
    void absentFunctionsReadAsOnes() {
        machine.bus().plug(function("net"));
        for (long address : new long[] {0x8001_0800L, 0x8000_0900L, 0x8000_1000L, 0x8000_F800L}) {
            machine.writePort(ADDRESS, 4, address);
            assertThat(machine.readPort(DATA, 4)).as("%x", address).isEqualTo(0xFFFF_FFFFL);
            machine.writePort(DATA, 4, 0);
        }
        assertThat(machine.readConfig(2, 0, 4)).isEqualTo(0xFFFF_FFFFL);
        assertThat(machine.read(TestMachine.ECAM_GPA + (1 << 15) + (1 << 12), 2))
                .as("function 1")
                .isEqualTo(0xFFFF);
        assertThat(machine.readConfig(1, 0x100, 4)).as("no extended capability").isZero();
    }

    @Test
    void accessesAtTheEndsOfConfigurationSpace() {
        machine.bus().plug(function("net"));
        assertThat(machine.readConfig(1, 0xFFE, 4)).isEqualTo(0xFFFF_0000L);
        assertThat(machine.readConfig(1, 0, 8)).isEqualTo(0x1041_1AF4L);
        machine.writeConfig(1, 0xFFD, 8, -1);
        assertThat(machine.readConfig(31, 0xFFF, 8)).isEqualTo(-1);
    }

    @Test
    void thirtyOneDevicesFit() {
        for (int slot = 1; slot < PciBus.SLOTS; slot++) {
            assertThat(machine.bus().plug(function("net" + slot))).isEqualTo(slot);
        }
        assertThatThrownBy(() -> machine.bus().plug(function("one more")))
                .isInstanceOf(PciException.class)
                .hasMessage("one more: all 31 slots of the PCI bus are taken");
        PciFunction unplugged = machine.bus().unplug(7);
        assertThat(unplugged).isNotNull();
        assertThat(machine.readConfig(7, 0, 4)).isEqualTo(0xFFFF_FFFFL);
        assertThat(machine.bus().unplug(7)).isNull();
        assertThat(machine.bus().plug(function("one more"))).isEqualTo(7);
    }

    @Test
    void thePinFollowsTheDeviceAndTheCommandRegister() {
        PciFunction function = function("net");
        IntxPin pin = function.addIntx();
        machine.bus().plug(function);
        pin.set(true);
        pin.set(true);
        assertThat(machine.isAsserted(1)).isTrue();
        assertThat(machine.readConfig(1, PciHeader.STATUS, 2)).isEqualTo(PciHeader.STATUS_INTERRUPT);
        machine.writeConfig(1, PciHeader.COMMAND, 2, PciHeader.COMMAND_INTX_DISABLE);
        assertThat(machine.isAsserted(1)).isFalse();
        assertThat(machine.readConfig(1, PciHeader.STATUS, 1)).isEqualTo(PciHeader.STATUS_INTERRUPT);
        machine.writeConfig(1, PciHeader.COMMAND, 2, 0);
        assertThat(machine.isAsserted(1)).isTrue();
        machine.bus().unplug(1);
        assertThat(machine.isAsserted(1)).isFalse();
        pin.set(false);
        pin.set(true);
        assertThat(machine.isAsserted(1)).isFalse();
    }

    @Test
    @Tag("allocation")
    void accessesAllocateNothing() {
        PciFunction function = function("net");
        function.addIntx();
        machine.bus().plug(function);
        Allocations.assertNone(() -> accessAll(20_000));
    }

    private void accessAll(int rounds) {
        for (int i = 0; i < rounds; i++) {
            int register = i & 0xFFC;
            machine.bus().ecam().read((1 << 15) + register, 4);
            machine.bus().ecam().write((1 << 15) + register, 2, i);
            machine.bus().configPorts().write(0, 4, 0x8000_0800L | (register & 0xFC));
            machine.bus().configPorts().read(4, 4);
            machine.bus().configPorts().write(5, 1, i);
        }
    }
}
