package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/**
 * The door from Java into the kernel: {@code syscall(2)}. It returns the call's result, or the negated error number.
 *
 * <p>The first use of each distinct native signature costs milliseconds of start-up, which is why there is one for all of
 * the C library that is called here. Addresses travel as {@code long}: the caller keeps the segment behind an address
 * reachable until the call returns.
 */
final class Syscall {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET = CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle SYSCALL = sevenLongs("syscall");

    private static final ThreadLocal<MemorySegment> ERRNO =
            ThreadLocal.withInitial(() -> newErrnoCapture(Arena.ofAuto()));

    private Syscall() {}

    /**
     * A function of the C library, called with seven integer arguments of which it takes as many as it has; more than it
     * takes, and calling it as variadic, harm none on x86-64.
     */
    static MethodHandle sevenLongs(String function) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(function),
                FunctionDescriptor.of(
                        JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                Linker.Option.firstVariadicArg(1),
                Linker.Option.captureCallState("errno"));
    }

    /** Address of a function of the C library. */
    static long symbolAddress(String function) {
        return LINKER.defaultLookup().findOrThrow(function).address();
    }

    /** Somewhere for the error numbers of one thread's calls. */
    static MemorySegment newErrnoCapture(Arena arena) {
        return arena.allocate(CAPTURE);
    }

    static int ioctl(int fd, long request, long argument) {
        return (int) syscall(SyscallNumber.__NR_ioctl, fd, request, argument);
    }

    /** As {@link #ioctl(int, long, long)}, for a thread that keeps its own {@code capture}. */
    static int ioctl(MemorySegment capture, int fd, long request, long argument) {
        long result = call(SYSCALL, capture, SyscallNumber.__NR_ioctl, fd, request, argument, 0, 0, 0);
        return result == -1 ? negatedErrno(capture) : (int) result;
    }

    static long syscall(long number, long a, long b, long c) {
        return syscall(number, a, b, c, 0, 0, 0);
    }

    static long syscall(long number, long a, long b, long c, long d, long e, long f) {
        MemorySegment capture = ERRNO.get();
        long result = call(SYSCALL, capture, number, a, b, c, d, e, f);
        return result == -1 ? negatedErrno(capture) : result;
    }

    /** Calls a function that returns an {@code int}, of which alone the lower half is defined. */
    static int callInt(MethodHandle sevenLongs, long a, long b, long c) {
        MemorySegment capture = ERRNO.get();
        int result = (int) call(sevenLongs, capture, a, b, c, 0, 0, 0, 0);
        return result == -1 ? negatedErrno(capture) : result;
    }

    private static long call(
            MethodHandle sevenLongs, MemorySegment capture, long a, long b, long c, long d, long e, long f, long g) {
        try {
            return (long) sevenLongs.invokeExact(capture, a, b, c, d, e, f, g);
        } catch (Throwable unreachable) {
            throw new AssertionError(unreachable);
        }
    }

    private static int negatedErrno(MemorySegment capture) {
        return -capture.get(JAVA_INT, ERRNO_OFFSET);
    }
}
