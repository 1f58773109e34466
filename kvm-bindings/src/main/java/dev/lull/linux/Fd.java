package dev.lull.linux;

import static dev.lull.linux.LinuxConstants.AT_FDCWD;
import static dev.lull.linux.LinuxConstants.O_CLOEXEC;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;

/** An owned file descriptor. Closing is idempotent; the owner sees to it that no call is under way then. */
public final class Fd implements AutoCloseable {
    private static final VarHandle NUMBER;

    static {
        try {
            NUMBER = MethodHandles.lookup().findVarHandle(Fd.class, "number", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int CLOSED = -1;

    private final String name;
    private volatile int number;

    /**
     * Takes ownership of an open descriptor.
     *
     * @param name what it is open on, for messages
     */
    public Fd(int number, String name) {
        this.number = number;
        this.name = name;
    }

    /**
     * {@code open(2)}, always with {@code O_CLOEXEC}.
     *
     * @param flags {@code O_…} of {@link LinuxConstants}
     */
    public static Fd open(String path, int flags) {
        return open(path, flags, 0);
    }

    /**
     * {@code open(2)} that may create the file.
     *
     * @param mode permissions of a file that {@code O_CREAT} creates, less the process's umask
     */
    public static Fd open(String path, int flags, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            long result = Syscall.syscall(
                    SyscallNumber.__NR_openat,
                    AT_FDCWD,
                    arena.allocateFrom(path).address(),
                    flags | O_CLOEXEC,
                    mode,
                    0,
                    0);
            return new Fd((int) check("open", path, result), path);
        }
    }

    /** {@code dup2(2)}: this descriptor's file, under {@code target} as well, whatever that was before. */
    void duplicateTo(int target) {
        check("dup2", name, Syscall.syscall(SyscallNumber.__NR_dup2, number, target, 0));
    }

    /** The descriptor's number, or −1 once closed. */
    public int number() {
        return number;
    }

    /** What the descriptor is open on. */
    public String name() {
        return name;
    }

    /**
     * {@code ioctl(2)}; the result is never negative.
     *
     * @param operation the request's name, for the exception
     * @param argument a number, or an address whose segment the caller keeps reachable
     */
    public int ioctl(String operation, long request, long argument) {
        return (int) check(operation, name, Syscall.ioctl(number, request, argument));
    }

    /** {@code ioctl(2)} that reads or writes {@code argument}. */
    public int ioctl(String operation, long request, MemorySegment argument) {
        try {
            return ioctl(operation, request, argument.address());
        } finally {
            Reference.reachabilityFence(argument);
        }
    }

    /** {@code ioctl(2)} whose failure the caller expects: the result, or the negated error number. */
    public int tryIoctl(long request, long argument) {
        return Syscall.ioctl(number, request, argument);
    }

    /** As {@link #tryIoctl(long, long)}, for a call that reads or writes {@code argument}. */
    public int tryIoctl(long request, MemorySegment argument) {
        try {
            return tryIoctl(request, argument.address());
        } finally {
            Reference.reachabilityFence(argument);
        }
    }

    /** As {@link #tryIoctl(long, long)}, for a thread that keeps its own {@link #newErrnoCapture}. */
    public int tryIoctl(MemorySegment errnoCapture, long request, long argument) {
        return Syscall.ioctl(errnoCapture, number, request, argument);
    }

    /** Where the error numbers of one thread's calls go. */
    public static MemorySegment newErrnoCapture(Arena arena) {
        return Syscall.newErrnoCapture(arena);
    }

    /**
     * {@code read(2)}: the bytes read, 0 at the end of a file, or a negated error number; not all of the buffer need be
     * filled.
     */
    public long read(MemorySegment buffer) {
        try {
            return Syscall.syscall(SyscallNumber.__NR_read, number, buffer.address(), buffer.byteSize());
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    /** {@code pread(2)} at {@code offsetBytes}; as {@link #read}. */
    public long readAt(MemorySegment buffer, long offsetBytes) {
        try {
            return Syscall.syscall(
                    SyscallNumber.__NR_pread64, number, buffer.address(), buffer.byteSize(), offsetBytes, 0, 0);
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    /** {@code write(2)}: the bytes written, or a negated error number. */
    public long write(MemorySegment buffer) {
        try {
            return Syscall.syscall(SyscallNumber.__NR_write, number, buffer.address(), buffer.byteSize());
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    /** {@code readv(2)}: the bytes read, 0 at the end, or a negated error number. */
    public long read(Iovec pieces) {
        return vectored(SyscallNumber.__NR_readv, pieces);
    }

    /** {@code writev(2)}: the bytes written, or a negated error number. */
    public long write(Iovec pieces) {
        return vectored(SyscallNumber.__NR_writev, pieces);
    }

    private long vectored(int call, Iovec pieces) {
        try {
            return Syscall.syscall(call, number, pieces.address(), pieces.count());
        } finally {
            Reference.reachabilityFence(pieces);
        }
    }

    @Override
    public void close() {
        int open = (int) NUMBER.getAndSet(this, CLOSED);
        if (open != CLOSED) {
            // close(2) releases the descriptor even when it reports an error, so there is nothing to retry.
            Syscall.syscall(SyscallNumber.__NR_close, open, 0, 0);
        }
    }

    @Override
    public String toString() {
        return name + " (fd " + number + ")";
    }

    /** The result of a call, or its error as a {@link LinuxException}. */
    static long check(String operation, String object, long result) {
        if (result < 0) {
            throw new LinuxException(operation, object, (int) -result);
        }
        return result;
    }
}
