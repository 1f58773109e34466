package dev.lull.agent.boot;

/**
 * Multiple APIC description table: one local APIC for each vCPU and one I/O APIC; no 8259s.
 *
 * <p>Source: ACPI 6.4 §5.2.12.
 */
final class Madt {
    private static final int REVISION = 5;
    private static final int FIXED_BYTES = AcpiTable.HEADER_BYTES + 8;
    private static final int LOCAL_APIC_BYTES = 8;
    private static final int IO_APIC_BYTES = 12;
    private static final int LOCAL_APIC_GPA = 0xfee0_0000;
    private static final int IO_APIC_GPA = 0xfec0_0000;
    private static final int ENABLED = 1;

    private Madt() {}

    static byte[] table(int cpuCount) {
        AcpiTable table = new AcpiTable("APIC", REVISION, FIXED_BYTES + cpuCount * LOCAL_APIC_BYTES + IO_APIC_BYTES)
                .u32(LOCAL_APIC_GPA)
                .u32(0);
        for (int cpu = 0; cpu < cpuCount; cpu++) {
            table.u8(0).u8(LOCAL_APIC_BYTES).u8(cpu).u8(cpu).u32(ENABLED);
        }
        return table.u8(1).u8(IO_APIC_BYTES).u8(0).u8(0).u32(IO_APIC_GPA).u32(0).finish();
    }
}
