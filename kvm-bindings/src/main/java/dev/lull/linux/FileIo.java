package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Positioned I/O on an open file or block device. What transfers returns a count, or a negated error number, and allocates
 * nothing; several threads may do it on one descriptor.
 */
public final class FileIo {
    /** {@code fallocate(2)} and {@code pwritev2(2)}. */
    @CConstants({"linux/falloc.h", "linux/fs.h", "fcntl.h"})
    static final class FileConstants {
        static final int FALLOC_FL_KEEP_SIZE = 1;
        static final int FALLOC_FL_PUNCH_HOLE = 2;
        static final int FALLOC_FL_ZERO_RANGE = 16;
        static final int RWF_DSYNC = 2;
        static final int RWF_NOWAIT = 8;
        static final int F_SETFL = 4;
        static final int F_OFD_GETLK = 36;
        static final int F_OFD_SETLK = 37;
        static final int F_RDLCK = 0;
        static final int F_WRLCK = 1;
        static final int F_UNLCK = 2;

        private FileConstants() {}
    }

    /** {@code struct flock}; a length of 0 means up to the end of the file, wherever that is. */
    @CStruct(value = "flock", header = "fcntl.h")
    static final class Flock {
        static final int SIZE = 32;
        static final int L_TYPE = 0;
        static final int L_START = 8;
        static final int L_LEN = 16;

        private Flock() {}
    }

    /** For {@link #allocate}: gives the range's storage back; it reads as zeroes. */
    public static final int PUNCH_HOLE = FileConstants.FALLOC_FL_PUNCH_HOLE | FileConstants.FALLOC_FL_KEEP_SIZE;

    /** For {@link #allocate}: makes the range read as zeroes and keeps its storage. */
    public static final int ZERO_RANGE = FileConstants.FALLOC_FL_ZERO_RANGE | FileConstants.FALLOC_FL_KEEP_SIZE;

    private FileIo() {}

    /** {@code preadv2(2)}: the bytes read, 0 at the end of the file, or a negated error number. */
    public static long read(Fd fd, Iovec pieces, long offsetBytes) {
        return read(fd, pieces, offsetBytes, 0);
    }

    /**
     * As {@link #read}, of what the kernel has in memory: {@code -EAGAIN} if that is none, {@code -EOPNOTSUPP} if the file
     * system cannot tell.
     */
    public static long readCached(Fd fd, Iovec pieces, long offsetBytes) {
        return read(fd, pieces, offsetBytes, FileConstants.RWF_NOWAIT);
    }

    /**
     * {@code pwritev2(2)}: the bytes written, or a negated error number.
     *
     * @param durable whether they are on stable storage when it returns
     */
    public static long write(Fd fd, Iovec pieces, long offsetBytes, boolean durable) {
        try {
            return Syscall.syscall(
                    SyscallNumber.__NR_pwritev2,
                    fd.number(),
                    pieces.address(),
                    pieces.count(),
                    offsetBytes,
                    0,
                    durable ? FileConstants.RWF_DSYNC : 0);
        } finally {
            Reference.reachabilityFence(pieces);
        }
    }

    private static long read(Fd fd, Iovec pieces, long offsetBytes, int flags) {
        try {
            return Syscall.syscall(
                    SyscallNumber.__NR_preadv2, fd.number(), pieces.address(), pieces.count(), offsetBytes, 0, flags);
        } finally {
            Reference.reachabilityFence(pieces);
        }
    }

    /** {@code fdatasync(2)}: 0, or a negated error number. */
    public static long dataSync(Fd fd) {
        return Syscall.syscall(SyscallNumber.__NR_fdatasync, fd.number(), 0, 0);
    }

    /**
     * {@code fallocate(2)}: 0, or a negated error number.
     *
     * @param mode {@link #PUNCH_HOLE} or {@link #ZERO_RANGE}
     */
    public static long allocate(Fd fd, int mode, long offsetBytes, long lengthBytes) {
        return Syscall.syscall(SyscallNumber.__NR_fallocate, fd.number(), mode, offsetBytes, lengthBytes, 0, 0);
    }

    /**
     * {@code ftruncate(2)}: what is behind the end is gone, what comes to be before it is a hole.
     *
     * @throws LinuxException for example with {@code EINVAL}, of what has no size of its own
     */
    public static void setSize(Fd fd, long sizeBytes) {
        Fd.check("ftruncate", fd.name(), Syscall.syscall(SyscallNumber.__NR_ftruncate, fd.number(), sizeBytes, 0));
    }

    /**
     * {@code fcntl(F_SETFL)}.
     *
     * @param flags {@code O_DIRECT} and {@code O_NONBLOCK} of {@link LinuxConstants}, those that are to be on
     */
    public static void setStatusFlags(Fd fd, int flags) {
        Fd.check(
                "fcntl(F_SETFL)",
                fd.name(),
                Syscall.syscall(SyscallNumber.__NR_fcntl, fd.number(), FileConstants.F_SETFL, flags));
    }

    /**
     * Locks bytes of a file, which need not exist, for as long as {@code fd}'s open file description lives (an open file
     * description lock, {@code fcntl(2)}). It excludes locks through any other description, of this process too.
     *
     * @param exclusive false shares them with others who do not want them exclusively
     * @param lengthBytes 0 for all from {@code offsetBytes}
     * @return false if another holds a lock that excludes this one
     */
    public static boolean tryLock(Fd fd, boolean exclusive, long offsetBytes, long lengthBytes) {
        try (Arena arena = Arena.ofConfined()) {
            int type = exclusive ? FileConstants.F_WRLCK : FileConstants.F_RDLCK;
            long result = lock(fd, FileConstants.F_OFD_SETLK, flock(arena, type, offsetBytes, lengthBytes));
            if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
                return false;
            }
            Fd.check("fcntl(F_OFD_SETLK)", fd.name(), result);
            return true;
        }
    }

    /** Whether byte {@code offsetBytes} is locked, in any way, through another open file description. */
    public static boolean isLocked(Fd fd, long offsetBytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flock = flock(arena, FileConstants.F_WRLCK, offsetBytes, 1);
            Fd.check("fcntl(F_OFD_GETLK)", fd.name(), lock(fd, FileConstants.F_OFD_GETLK, flock));
            return flock.get(JAVA_SHORT, Flock.L_TYPE) != FileConstants.F_UNLCK;
        }
    }

    private static MemorySegment flock(Arena arena, int type, long offsetBytes, long lengthBytes) {
        MemorySegment flock = arena.allocate(Flock.SIZE, 8);
        flock.set(JAVA_SHORT, Flock.L_TYPE, (short) type);
        flock.set(JAVA_LONG, Flock.L_START, offsetBytes);
        flock.set(JAVA_LONG, Flock.L_LEN, lengthBytes);
        return flock;
    }

    private static long lock(Fd fd, int operation, MemorySegment flock) {
        return Syscall.syscall(SyscallNumber.__NR_fcntl, fd.number(), operation, flock.address());
    }
}
