package dev.lull.agent.boot;

import dev.lull.device.memory.GuestMemory;
import dev.lull.device.pci.PciBus;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The e820 map in {@code boot_params}: which guest-physical ranges are RAM and which are kept for others.
 *
 * <p>Source: {@code struct boot_e820_entry} of {@code arch/x86/include/uapi/asm/bootparam.h}.
 */
final class E820 {
    static final int ENTRY_COUNT = 0x1e8;
    static final int TABLE = 0x2d0;
    static final int ENTRY_BYTES = 20;
    static final int RAM = 1;
    static final int RESERVED = 2;

    private static final int MAX_ENTRIES = 128;
    private static final long VIDEO_MEMORY_GPA = 0xa0000;

    private final ByteBuffer bootParams;
    private int count;

    private E820(ByteBuffer bootParams) {
        this.bootParams = bootParams;
    }

    /**
     * Writes the map of {@code memory}, whose first region starts at 0 and reaches beyond 1 MiB.
     *
     * @param pci whose configuration space is reserved from the start: before it runs ACPI, Linux asks this map alone
     */
    static void writeTo(ByteBuffer bootParams, GuestMemory memory, @Nullable PciHost pci) {
        E820 map = new E820(bootParams);
        map.add(0, LowMemory.BASE_MEMORY_END_GPA, RAM);
        map.add(LowMemory.BASE_MEMORY_END_GPA, VIDEO_MEMORY_GPA, RESERVED);
        map.add(LowMemory.ACPI_GPA, LowMemory.HIGH_MEMORY_GPA, RESERVED);
        List<GuestMemory.Region> regions = memory.regions();
        map.add(LowMemory.HIGH_MEMORY_GPA, regions.get(0).endGpa(), RAM);
        for (int i = 1; i < regions.size(); i++) {
            map.add(regions.get(i).gpa(), regions.get(i).endGpa(), RAM);
        }
        if (pci != null) {
            map.add(pci.ecamGpa(), pci.ecamGpa() + PciBus.ECAM_BYTES, RESERVED);
        }
        bootParams.put(ENTRY_COUNT, (byte) map.count);
    }

    private void add(long gpa, long endGpa, int type) {
        if (count == MAX_ENTRIES) {
            throw new IllegalArgumentException("more memory regions than an e820 map holds: " + MAX_ENTRIES);
        }
        int at = TABLE + count++ * ENTRY_BYTES;
        bootParams.putLong(at, gpa);
        bootParams.putLong(at + Long.BYTES, endGpa - gpa);
        bootParams.putInt(at + 2 * Long.BYTES, type);
    }
}
