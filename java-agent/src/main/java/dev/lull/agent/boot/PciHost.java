package dev.lull.agent.boot;

import dev.lull.device.legacy.PowerButton;
import dev.lull.device.pci.ConfigPorts;
import dev.lull.device.pci.HotplugRegisters;
import dev.lull.device.pci.PciBus;
import java.util.ArrayList;
import java.util.List;

/**
 * The PCI host bridge a guest finds through ACPI: one bus of {@value PciBus#SLOTS} slots behind {@code \_SB.PCI0}, its windows,
 * interrupt wiring, hotplug, and the power button that shares hotplug's interrupt. All addresses are guest-physical.
 *
 * <p>Hotplug: the method of the guest's event device ({@code ACPI0013}) reads which slots have a device that has come or is
 * to go, and notifies each; {@code _EJ0} writes the slot's bit once the guest has let go of its device.
 *
 * @param ecamGpa configuration space of bus 0, {@value PciBus#ECAM_BYTES} bytes
 * @param window32Gpa where BARs of 32 bits may lie
 * @param window32Bytes the size of that window
 * @param window64Gpa where BARs of 64 bits may lie
 * @param window64Bytes the size of that window; 0 if there is none
 * @param hotplugGpa {@link HotplugRegisters}
 * @param hotplugGsi the interrupt of the event device
 */
public record PciHost(
        long ecamGpa,
        long window32Gpa,
        long window32Bytes,
        long window64Gpa,
        long window64Bytes,
        long hotplugGpa,
        int hotplugGsi) {
    private static final int FIRST_LINE_GSI = 16;
    private static final int LINE_GSIS = 8;
    private static final int ANY_FUNCTION = 0xffff;
    private static final int PIN_A = 0;

    private static final int NOTIFY_DEVICE_CHECK = 1;
    private static final int NOTIFY_EJECT_REQUEST = 3;

    /** The GSI of pin INTA# of the device in {@code slot}, level triggered and shared. */
    public static int lineGsi(int slot) {
        return FIRST_LINE_GSI + slot % LINE_GSIS;
    }

    /** Everything of it that is in {@code \_SB}. */
    byte[] aml() {
        return Aml.concat(bridge(), reservedMemory(), AcpiDevices.powerButton(powerButtonGpa()), eventDevice());
    }

    /** The {@link PowerButton}, behind the hotplug registers, with whose interrupt it shares the event device. */
    public long powerButtonGpa() {
        return hotplugGpa + HotplugRegisters.LENGTH_BYTES;
    }

    /** The table that says where the configuration space is (PCI Firmware 3.2 §4.1.2). */
    byte[] mcfg() {
        int entryBytes = 16;
        return new AcpiTable("MCFG", 1, AcpiTable.HEADER_BYTES + Long.BYTES + entryBytes)
                .u64(0)
                .u64(ecamGpa)
                .u16(0)
                .u8(0)
                .u8(0)
                .u32(0)
                .finish();
    }

    private byte[] bridge() {
        List<byte[]> terms = new ArrayList<>(List.of(
                Aml.name("_HID", Aml.eisaId("PNP0A08")),
                Aml.name("_CID", Aml.eisaId("PNP0A03")),
                Aml.name("_UID", Aml.integer(0)),
                Aml.name("_SEG", Aml.integer(0)),
                Aml.name("_BBN", Aml.integer(0)),
                Aml.name("_CRS", resources()),
                Aml.name("_PRT", interruptWiring()),
                Aml.memoryRegion("HPRG", hotplugGpa, HotplugRegisters.LENGTH_BYTES),
                Aml.doubleWordFields("HPRG", "UP", "DOWN", "EJCT")));
        byte[] scan = Aml.concat(
                Aml.store(Aml.reference("UP"), Aml.local(0)), Aml.store(Aml.reference("DOWN"), Aml.local(1)));
        for (int slot = 1; slot < PciBus.SLOTS; slot++) {
            byte[] bit = Aml.integer(1L << slot);
            terms.add(Aml.device(
                    slotName(slot),
                    Aml.name("_SUN", Aml.integer(slot)),
                    Aml.name("_ADR", Aml.integer((long) slot << 16)),
                    Aml.method("_EJ0", 1, Aml.store(bit, Aml.reference("EJCT")))));
            scan = Aml.concat(
                    scan,
                    Aml.ifAnyBit(Aml.local(0), bit, Aml.notifyOf(slotName(slot), NOTIFY_DEVICE_CHECK)),
                    Aml.ifAnyBit(Aml.local(1), bit, Aml.notifyOf(slotName(slot), NOTIFY_EJECT_REQUEST)));
        }
        terms.add(Aml.method("SCAN", 0, scan));
        return Aml.device("PCI0", terms.toArray(new byte[0][]));
    }

    private byte[] resources() {
        return AmlResource.template(
                AmlResource.busNumbers(0, 1),
                AmlResource.ioPorts(ConfigPorts.PORT, ConfigPorts.LENGTH_BYTES),
                AmlResource.memoryWindow32(window32Gpa, window32Bytes),
                window64Bytes == 0 ? new byte[0] : AmlResource.memoryWindow64(window64Gpa, window64Bytes));
    }

    private static byte[] interruptWiring() {
        byte[][] wires = new byte[PciBus.SLOTS - 1][];
        for (int slot = 1; slot < PciBus.SLOTS; slot++) {
            wires[slot - 1] = Aml.packageOf(
                    Aml.integer((long) slot << 16 | ANY_FUNCTION),
                    Aml.integer(PIN_A),
                    Aml.integer(0),
                    Aml.integer(lineGsi(slot)));
        }
        return Aml.packageOf(wires);
    }

    /** What a guest must not give to a device's BAR; Linux believes MCFG only if ACPI reserves what it names. */
    private byte[] reservedMemory() {
        return Aml.device(
                "RSVD",
                Aml.name("_HID", Aml.eisaId("PNP0C02")),
                Aml.name(
                        "_CRS",
                        AmlResource.template(
                                AmlResource.fixedMemory(ecamGpa, PciBus.ECAM_BYTES),
                                AmlResource.fixedMemory(
                                        hotplugGpa, HotplugRegisters.LENGTH_BYTES + PowerButton.LENGTH_BYTES))));
    }

    private byte[] eventDevice() {
        return Aml.device(
                "GED",
                Aml.name("_HID", Aml.string("ACPI0013")),
                Aml.name("_UID", Aml.integer(0)),
                Aml.name("_CRS", AmlResource.template(AmlResource.levelInterrupt(hotplugGsi))),
                Aml.method("_EVT", 1, Aml.reference("\\_SB.PCI0.SCAN"), AcpiDevices.powerButtonEvent()));
    }

    private static String slotName(int slot) {
        return "S%02X".formatted(slot);
    }
}
