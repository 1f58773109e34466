package dev.lull.agent.boot;

import dev.lull.device.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The ACPI tables in the area where a PC's firmware keeps them: RSDP → XSDT → FADT (→ DSDT), MADT and, with PCI, MCFG.
 *
 * <p>Source: ACPI 6.4 §5.2.5 for the RSDP, §5.2.8 for the XSDT.
 */
final class AcpiTables {
    private static final int ALIGNMENT = 16;
    private static final int RSDP_BYTES = 36;
    /** How much of an RSDP the checksum of ACPI 1.0 covers. */
    private static final int RSDP_V1_BYTES = 20;

    private static final int RSDP_CHECKSUM = 8;
    private static final int RSDP_EXTENDED_CHECKSUM = 32;
    private static final int RSDP_REVISION = 2;

    private final GuestMemory memory;
    private long nextGpa = LowMemory.ACPI_GPA + align(RSDP_BYTES);

    private AcpiTables(GuestMemory memory) {
        this.memory = memory;
    }

    /**
     * Writes all tables.
     *
     * @return the RSDP's guest-physical address
     * @throws IllegalArgumentException when the devices' AML is more than there is room for
     */
    static long writeTo(GuestMemory memory, Platform platform) {
        AcpiTables tables = new AcpiTables(memory);
        long dsdt = tables.add(Dsdt.table(platform));
        List<Long> described = new ArrayList<>();
        described.add(tables.add(Fadt.table(dsdt, platform)));
        described.add(tables.add(Madt.table(platform.cpuCount())));
        if (platform.pci() != null) {
            described.add(tables.add(platform.pci().mcfg()));
        }
        long xsdt = tables.add(xsdt(described));
        tables.write(LowMemory.ACPI_GPA, rsdp(xsdt));
        return LowMemory.ACPI_GPA;
    }

    private static byte[] xsdt(List<Long> tableGpas) {
        AcpiTable xsdt = new AcpiTable("XSDT", 1, AcpiTable.HEADER_BYTES + tableGpas.size() * Long.BYTES);
        tableGpas.forEach(xsdt::u64);
        return xsdt.finish();
    }

    private static byte[] rsdp(long xsdtGpa) {
        ByteBuffer rsdp = ByteBuffer.allocate(RSDP_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        rsdp.putLong(AcpiTable.ascii("RSD PTR ")).put((byte) 0);
        AcpiTable.putOemId(rsdp);
        rsdp.put((byte) RSDP_REVISION).putInt(0).putInt(RSDP_BYTES).putLong(xsdtGpa);
        rsdp.put(RSDP_CHECKSUM, AcpiTable.checksum(rsdp, RSDP_V1_BYTES));
        rsdp.put(RSDP_EXTENDED_CHECKSUM, AcpiTable.checksum(rsdp, RSDP_BYTES));
        return rsdp.array();
    }

    private long add(byte[] table) {
        long gpa = nextGpa;
        nextGpa += align(table.length);
        if (nextGpa > LowMemory.ACPI_GPA + LowMemory.ACPI_BYTES) {
            throw new IllegalArgumentException("ACPI tables need more than " + LowMemory.ACPI_BYTES + " bytes");
        }
        write(gpa, table);
        return gpa;
    }

    private void write(long gpa, byte[] table) {
        memory.slice(gpa, table.length).copyFrom(MemorySegment.ofArray(table));
    }

    private static int align(int length) {
        return length + ALIGNMENT - 1 & -ALIGNMENT;
    }
}
