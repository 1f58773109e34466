package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What an open file is.
 *
 * @param type regular file, block device, or neither
 * @param sizeBytes of its contents, a block device's too
 * @param directMemoryAlignment what addresses of direct I/O are multiples of; 0 if the file has none or the kernel does not
 *     say
 * @param directOffsetAlignment what offsets and lengths of direct I/O are multiples of; likewise
 */
public record FileStatus(Type type, long sizeBytes, int directMemoryAlignment, int directOffsetAlignment) {
    /** A kind of file. */
    public enum Type {
        REGULAR,
        BLOCK_DEVICE,
        DIRECTORY,
        OTHER
    }

    /** {@code struct statx}. */
    @CStruct(value = "statx", header = "linux/stat.h")
    static final class Statx {
        static final int SIZE = 256;
        static final int STX_MASK = 0;
        static final int STX_MODE = 28;
        static final int STX_SIZE = 40;
        static final int STX_DIO_MEM_ALIGN = 152;
        static final int STX_DIO_OFFSET_ALIGN = 156;

        private Statx() {}
    }

    /** {@code statx(2)} and the sizes of block devices. */
    @CConstants({"linux/stat.h", "fcntl.h", "linux/fs.h"})
    static final class StatxConstants {
        static final int AT_EMPTY_PATH = 0x1000;
        static final int STATX_BASIC_STATS = 0x7FF;
        static final int STATX_DIOALIGN = 0x2000;
        static final int S_IFMT = 0xF000;
        static final int S_IFREG = 0x8000;
        static final int S_IFBLK = 0x6000;
        static final int S_IFDIR = 0x4000;
        static final long BLKGETSIZE64 = 0x8008_1272L;
        static final int BLKSSZGET = 0x1268;

        private StatxConstants() {}
    }

    /** What {@code fd} is open on. */
    public static FileStatus of(Fd fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statx = arena.allocate(Statx.SIZE, 8);
            Fd.check(
                    "statx",
                    fd.name(),
                    Syscall.syscall(
                            SyscallNumber.__NR_statx,
                            fd.number(),
                            arena.allocateFrom("").address(),
                            StatxConstants.AT_EMPTY_PATH,
                            StatxConstants.STATX_BASIC_STATS | StatxConstants.STATX_DIOALIGN,
                            statx.address(),
                            0));
            Type type = type(statx.get(JAVA_SHORT, Statx.STX_MODE) & StatxConstants.S_IFMT);
            if (type == Type.BLOCK_DEVICE) {
                return blockDevice(fd, arena);
            }
            boolean aligned = (statx.get(JAVA_INT, Statx.STX_MASK) & StatxConstants.STATX_DIOALIGN) != 0;
            return new FileStatus(
                    type,
                    statx.get(JAVA_LONG, Statx.STX_SIZE),
                    aligned ? statx.get(JAVA_INT, Statx.STX_DIO_MEM_ALIGN) : 0,
                    aligned ? statx.get(JAVA_INT, Statx.STX_DIO_OFFSET_ALIGN) : 0);
        }
    }

    private static Type type(int format) {
        return switch (format) {
            case StatxConstants.S_IFREG -> Type.REGULAR;
            case StatxConstants.S_IFBLK -> Type.BLOCK_DEVICE;
            case StatxConstants.S_IFDIR -> Type.DIRECTORY;
            default -> Type.OTHER;
        };
    }

    /** {@code statx} describes the device node; the device itself answers ioctls. Its logical block is enough alignment. */
    private static FileStatus blockDevice(Fd fd, Arena arena) {
        MemorySegment size = arena.allocate(JAVA_LONG);
        fd.ioctl("BLKGETSIZE64", StatxConstants.BLKGETSIZE64, size);
        MemorySegment block = arena.allocate(JAVA_INT);
        fd.ioctl("BLKSSZGET", StatxConstants.BLKSSZGET, block);
        int blockBytes = block.get(JAVA_INT, 0);
        return new FileStatus(Type.BLOCK_DEVICE, size.get(JAVA_LONG, 0), blockBytes, blockBytes);
    }
}
