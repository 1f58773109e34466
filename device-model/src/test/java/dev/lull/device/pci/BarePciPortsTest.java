package dev.lull.device.pci;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What Linux probes before it calls a machine's PCI usable, and what it must not find. */
class BarePciPortsTest {
    private static final int DATA = 4;

    private final BarePciPorts ports = new BarePciPorts();

    @Test
    void keepsTheAddressAsTheProbeForTheMechanismAsks() {
        ports.write(3, 1, 1);
        assertThat(ports.read(0, 4)).isZero();

        ports.write(0, 4, 0x8000_0000L);
        assertThat(ports.read(0, 4)).isEqualTo(0x8000_0000L);

        ports.write(0, 4, 0xFFFF_FFFFL);
        assertThat(ports.read(0, 4)).as("reserved bits").isEqualTo(0x80FF_FFFCL);
        assertThat(ports.read(0, 2)).as("part of the address port").isEqualTo(-1);
    }

    @Test
    void hasAHostBridge() {
        assertThat(read(0x8000_0000L, 0, 4)).isEqualTo(0x0008_1B36);
        assertThat(read(0x8000_0000L, 2, 2)).isEqualTo(0x0008);
        assertThat(read(0x8000_0008L, 2, 2)).as("class").isEqualTo(0x0600);
        assertThat(read(0x8000_000CL, 2, 1)).as("header type").isZero();
    }

    @Test
    void hasNothingElse() {
        assertThat(read(0x8000_0100L, 0, 4)).as("function 1").isEqualTo(-1);
        assertThat(read(0x8000_0800L, 0, 4)).as("slot 1").isEqualTo(-1);
        assertThat(read(0x8001_0000L, 0, 4)).as("bus 1").isEqualTo(-1);
        assertThat(read(0, 0, 4)).as("not enabled").isEqualTo(-1);
        assertThat(read(0x8000_0000L, 2, 4)).as("across the data port's end").isEqualTo(-1);
    }

    @Test
    void ignoresWritesToRegisters() {
        ports.write(0, 4, 0x8000_0000L);
        ports.write(DATA, 4, 0);

        assertThat(ports.read(DATA, 4)).isEqualTo(0x0008_1B36);
    }

    private long read(long address, int lane, int sizeBytes) {
        ports.write(0, 4, address);
        return ports.read(DATA + lane, sizeBytes);
    }
}
