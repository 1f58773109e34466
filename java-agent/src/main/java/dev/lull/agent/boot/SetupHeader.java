package dev.lull.agent.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The setup header of the Linux boot protocol, found at the same offset in a bzImage and in {@code boot_params}.
 *
 * <p>Source: {@code Documentation/arch/x86/boot.rst}, "The Real-Mode Kernel Header"; {@code struct setup_header} of
 * {@code arch/x86/include/uapi/asm/bootparam.h}. Offsets are in bytes from the start of either.
 */
final class SetupHeader {
    /** First byte of the header, and its first field, {@code setup_sects}. */
    static final int START = 0x1f1;
    /** Where {@code struct boot_params} ends the room for it. */
    static final int LIMIT = 0x290;

    static final int SETUP_SECTS = 0x1f1;
    static final int BOOT_FLAG = 0x1fe;
    static final int HEADER_LENGTH = 0x201;
    static final int MAGIC = 0x202;
    static final int VERSION = 0x206;
    static final int TYPE_OF_LOADER = 0x210;
    static final int LOADFLAGS = 0x211;
    static final int RAMDISK_IMAGE = 0x218;
    static final int RAMDISK_SIZE = 0x21c;
    static final int CMD_LINE_PTR = 0x228;
    static final int INITRD_ADDR_MAX = 0x22c;
    static final int KERNEL_ALIGNMENT = 0x230;
    static final int XLOADFLAGS = 0x236;
    static final int CMDLINE_SIZE = 0x238;
    static final int PAYLOAD_OFFSET = 0x248;
    static final int PAYLOAD_LENGTH = 0x24c;
    static final int SETUP_DATA = 0x250;

    private static final int BOOT_FLAG_VALUE = 0xaa55;
    /** "HdrS". */
    private static final int MAGIC_VALUE = 0x53726448;
    /** The first protocol that tells where the payload is: 2.08, of Linux 2.6.26. */
    private static final int VERSION_PAYLOAD = 0x0208;
    /** The first protocol that tells whether there is a 64-bit entry point: 2.12. */
    private static final int VERSION_XLOADFLAGS = 0x020c;

    private static final int LOADED_HIGH = 1;
    private static final int XLF_KERNEL_64 = 1;

    /** x86's {@code COMMAND_LINE_SIZE} less the terminating NUL, for a kernel that comes without a header. */
    private static final int ELF_CMDLINE_SIZE = 2047;
    /** What bzImages of x86-64 say; for a kernel that comes without a header. */
    private static final int ELF_INITRD_ADDR_MAX = 0x7fff_ffff;

    private static final int ELF_KERNEL_ALIGNMENT = 0x100_0000;

    /** The header, at its own offset so that the offsets above index it. */
    private final ByteBuffer page;

    private final int end;

    private SetupHeader(ByteBuffer page, int end) {
        this.page = page;
        this.end = end;
    }

    /** Whether an image that starts with {@code head} has a setup header. */
    static boolean isPresent(ByteBuffer head) {
        return head.limit() >= VERSION + 2 && head.getInt(MAGIC) == MAGIC_VALUE;
    }

    /**
     * Checks the header of a bzImage.
     *
     * @param head the first bytes of the image, for which {@link #isPresent} holds
     * @throws KernelException when it is too old, damaged, or that of a 32-bit kernel or a zImage
     */
    static SetupHeader parse(ImageBytes bytes, ByteBuffer head) {
        String name = bytes.name();
        int version = Short.toUnsignedInt(head.getShort(VERSION));
        if (version < VERSION_PAYLOAD) {
            throw new KernelException(name + ": boot protocol " + (version >> 8) + "." + (version & 0xff)
                    + " is too old; give a kernel with 2.8 or later (Linux 2.6.26)");
        }
        int end = MAGIC + Byte.toUnsignedInt(head.get(HEADER_LENGTH));
        if (end < SETUP_DATA || end > LIMIT) {
            throw damaged(name, "its setup header ends at 0x" + Integer.toHexString(end));
        }
        if (head.limit() < end) {
            throw bytes.truncated(end);
        }
        if (Short.toUnsignedInt(head.getShort(BOOT_FLAG)) != BOOT_FLAG_VALUE) {
            throw damaged(name, "its boot flag is not 0xaa55");
        }
        if ((head.get(LOADFLAGS) & LOADED_HIGH) == 0) {
            throw new KernelException(name + ": is a zImage, which loads below 1 MiB; " + KernelImage.REMEDY);
        }
        if (version >= VERSION_XLOADFLAGS && (head.getShort(XLOADFLAGS) & XLF_KERNEL_64) == 0) {
            throw new KernelException(name + ": has no 64-bit entry point; give a kernel built for x86-64");
        }
        ByteBuffer page = ByteBuffer.allocate(LIMIT).order(ByteOrder.LITTLE_ENDIAN);
        page.put(START, head, START, end - START);
        return new SetupHeader(page, end);
    }

    /** The header a bzImage of the same kernel would have, as far as a kernel entered at its 64-bit entry reads it. */
    static SetupHeader ofElf() {
        ByteBuffer page = ByteBuffer.allocate(LIMIT).order(ByteOrder.LITTLE_ENDIAN);
        page.putShort(BOOT_FLAG, (short) BOOT_FLAG_VALUE);
        page.putInt(MAGIC, MAGIC_VALUE);
        page.putShort(VERSION, (short) VERSION_XLOADFLAGS);
        page.put(LOADFLAGS, (byte) LOADED_HIGH);
        page.putInt(INITRD_ADDR_MAX, ELF_INITRD_ADDR_MAX);
        page.putInt(KERNEL_ALIGNMENT, ELF_KERNEL_ALIGNMENT);
        page.putShort(XLOADFLAGS, (short) XLF_KERNEL_64);
        page.putInt(CMDLINE_SIZE, ELF_CMDLINE_SIZE);
        return new SetupHeader(page, SETUP_DATA);
    }

    private static KernelException damaged(String name, String what) {
        return new KernelException(name + ": is a damaged bzImage: " + what + "; " + KernelImage.REMEDY);
    }

    /** Offset of the protected-mode code: behind the boot sector and the real-mode setup code. */
    int protectedModeOffset() {
        int setupSectors = Byte.toUnsignedInt(page.get(SETUP_SECTS));
        return ((setupSectors == 0 ? 4 : setupSectors) + 1) * 512;
    }

    /** Offset of the payload from {@link #protectedModeOffset}, in bytes, unsigned 32 bits. */
    long payloadOffset() {
        return Integer.toUnsignedLong(page.getInt(PAYLOAD_OFFSET));
    }

    /** Length of the payload in bytes, unsigned 32 bits. */
    long payloadLengthBytes() {
        return Integer.toUnsignedLong(page.getInt(PAYLOAD_LENGTH));
    }

    /** The highest address a byte of the initrd may have. */
    long initrdAddressMax() {
        return Integer.toUnsignedLong(page.getInt(INITRD_ADDR_MAX));
    }

    /** The longest command line in bytes, its NUL not counted, that the kernel and {@link LowMemory} have room for. */
    int cmdlineMaxBytes() {
        long size = Integer.toUnsignedLong(page.getInt(CMDLINE_SIZE));
        return (int) Math.min(size, LowMemory.CMDLINE_BYTES - 1);
    }

    /** Copies the header to its place in {@code bootParams}. */
    void copyTo(ByteBuffer bootParams) {
        bootParams.put(START, page, START, end - START);
    }
}
