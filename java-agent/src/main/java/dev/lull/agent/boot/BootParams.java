package dev.lull.agent.boot;

import dev.lull.device.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * {@code struct boot_params}, the "zero page": what a boot loader tells the kernel.
 *
 * <p>Source: {@code Documentation/arch/x86/zero-page.rst}; {@code arch/x86/include/uapi/asm/bootparam.h}.
 */
final class BootParams {
    static final int ACPI_RSDP_ADDR = 0x070;
    static final int EXT_RAMDISK_IMAGE = 0x0c0;
    static final int EXT_RAMDISK_SIZE = 0x0c4;
    static final int EXT_CMD_LINE_PTR = 0x0c8;

    /** A loader without an assigned number. */
    private static final int LOADER_UNDEFINED = 0xff;

    private BootParams() {}

    /** Writes the page, at {@link LowMemory#BOOT_PARAMS_GPA}. */
    static void writeTo(
            GuestMemory memory, SetupHeader setup, InitrdRange initrd, long rsdpGpa, @Nullable PciHost pci) {
        ByteBuffer page = ByteBuffer.allocate(LowMemory.BOOT_PARAMS_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        setup.copyTo(page);
        page.put(SetupHeader.TYPE_OF_LOADER, (byte) LOADER_UNDEFINED);
        page.putLong(SetupHeader.SETUP_DATA, 0);
        putWide(page, SetupHeader.CMD_LINE_PTR, EXT_CMD_LINE_PTR, LowMemory.CMDLINE_GPA);
        putWide(page, SetupHeader.RAMDISK_IMAGE, EXT_RAMDISK_IMAGE, initrd.gpa());
        putWide(page, SetupHeader.RAMDISK_SIZE, EXT_RAMDISK_SIZE, initrd.lengthBytes());
        page.putLong(ACPI_RSDP_ADDR, rsdpGpa);
        E820.writeTo(page, memory, pci);
        memory.slice(LowMemory.BOOT_PARAMS_GPA, LowMemory.BOOT_PARAMS_BYTES)
                .copyFrom(MemorySegment.ofArray(page.array()));
    }

    /** A 64-bit value whose halves are two fields, as the protocol grew. */
    private static void putWide(ByteBuffer page, int low, int high, long value) {
        page.putInt(low, (int) value);
        page.putInt(high, (int) (value >>> 32));
    }
}
