package dev.lull.agent.boot;

import dev.lull.device.memory.GuestMemory;
import java.util.List;

/**
 * Who uses the guest's memory below and just above 1 MiB when it is entered. All addresses are guest-physical.
 *
 * <pre>
 *   0x00000500  GDT                        the kernel loads its own before it needs this memory
 *   0x00007000  boot_params ("zero page")  the kernel copies it first thing
 *   0x00009000  page tables, 6 pages       the kernel leaves them in startup_64
 *   0x00020000  command line, 64 KiB       the kernel copies it
 *   0x0009fc00  end of usable memory: where firmware keeps its extended data area and video memory starts
 *   0x000e0000  ACPI tables, from the RSDP on, 128 KiB: the kernel looks here, and keeps it
 *   0x000ffff0  reset vector, 16 bytes     the kernel jumps here to reboot
 *   0x00100000  usable memory up to the PCI hole: kernel at its link address (16 MiB), initrd as high as may be
 * </pre>
 *
 * <p>Everything below 0x9fc00 is ordinary memory in the e820 map, which the kernel takes over once it has read it.
 */
final class LowMemory {
    static final long GDT_GPA = 0x500;
    static final long BOOT_PARAMS_GPA = 0x7000;
    static final int BOOT_PARAMS_BYTES = 0x1000;
    /** The level-4 table, one level-3 table, and four level-2 tables. */
    static final long PAGE_TABLES_GPA = 0x9000;

    static final long CMDLINE_GPA = 0x20000;
    /** Room for the command line and its NUL. */
    static final int CMDLINE_BYTES = 0x10000;
    /** End of usable memory below 1 MiB. */
    static final long BASE_MEMORY_END_GPA = 0x9fc00;

    static final long ACPI_GPA = 0xe0000;
    /** Up to the reset vector. */
    static final int ACPI_BYTES = 0x1fff0;
    /** Start of usable memory above what PCs keep for firmware and adapters. */
    static final long HIGH_MEMORY_GPA = 0x100000;

    /** Less than this boots no kernel, whatever its size. */
    private static final long MIN_RAM_BYTES = 2 << 20;

    private LowMemory() {}

    /**
     * End of the memory that starts at 0: of all memory, or where the PCI hole begins.
     *
     * @throws KernelException when too little of it is there for anything
     */
    static long ramEndGpa(GuestMemory memory) {
        List<GuestMemory.Region> regions = memory.regions();
        long end = regions.isEmpty() || regions.get(0).gpa() != 0
                ? 0
                : regions.get(0).endGpa();
        if (end < MIN_RAM_BYTES) {
            throw new KernelException("guest memory: " + ByteSizes.text(end)
                    + " from address 0 is too little to boot; give the guest more");
        }
        return end;
    }
}
