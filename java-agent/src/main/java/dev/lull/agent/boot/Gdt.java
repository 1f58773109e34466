package dev.lull.agent.boot;

import dev.lull.device.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The global descriptor table the 64-bit boot protocol asks for: flat code and data segments at the selectors the kernel
 * calls {@code __BOOT_CS} and {@code __BOOT_DS}.
 *
 * <p>Source: {@code Documentation/arch/x86/boot.rst}, "64-bit Boot Protocol"; Intel SDM volume 3, §3.4.5.
 */
public final class Gdt {
    /** {@code __BOOT_CS}: execute/read, 64-bit (L), accessed; base 0, limit 4 GiB. */
    public static final int CODE_SELECTOR = 0x10;
    /** {@code __BOOT_DS}: read/write, accessed; base 0, limit 4 GiB. For DS, ES, SS, FS and GS. */
    public static final int DATA_SELECTOR = 0x18;

    /** The descriptor at {@link #CODE_SELECTOR}. */
    public static final long CODE_DESCRIPTOR = 0x00af_9b00_0000_ffffL;
    /** The descriptor at {@link #DATA_SELECTOR}. */
    public static final long DATA_DESCRIPTOR = 0x00cf_9300_0000_ffffL;

    private Gdt() {}

    /**
     * Writes the table at {@link LowMemory#GDT_GPA}.
     *
     * @return its limit: its length in bytes less 1
     */
    static int writeTo(GuestMemory memory) {
        long[] descriptors = {0, 0, CODE_DESCRIPTOR, DATA_DESCRIPTOR};
        int length = descriptors.length * Long.BYTES;
        MemorySegment table = memory.slice(LowMemory.GDT_GPA, length);
        MemorySegment.copy(descriptors, 0, table, ValueLayout.JAVA_LONG_UNALIGNED, 0, descriptors.length);
        return length - 1;
    }
}
