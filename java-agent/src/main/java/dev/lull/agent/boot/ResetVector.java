package dev.lull.agent.boot;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.lull.device.memory.GuestMemory;
import java.lang.foreign.MemorySegment;

/**
 * All the firmware there is: real-mode code at the processor's reset vector that resets the machine.
 *
 * <p>On a hardware-reduced platform Linux does not reboot by the FADT's reset register. It asks EFI, which is not here,
 * and then jumps to F000:FFF0 as to a PC's BIOS (arch/x86/kernel/reboot.c, {@code efi_reboot_required}).
 */
final class ResetVector {
    private static final long GPA = 0xffff0;

    private ResetVector() {}

    static void writeTo(GuestMemory memory, Platform platform) {
        byte[] code = {
            (byte) 0xba, // mov dx, resetPort
            (byte) platform.resetPort(),
            (byte) (platform.resetPort() >>> 8),
            (byte) 0xb0, // mov al, resetValue
            (byte) platform.resetValue(),
            (byte) 0xee, // out dx, al
            (byte) 0xf4, // hlt
            (byte) 0xeb, // jmp to the hlt
            (byte) 0xfd,
        };
        MemorySegment.copy(code, 0, memory.slice(GPA, code.length), JAVA_BYTE, 0, code.length);
    }
}
