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
 * The two doors from Java into the kernel: {@code ioctl(2)} and {@code syscall(2)}. Both return the call's result, or
 * the negated error number.
 *
 * <p>The first use of each distinct native signature costs milliseconds, which is why there are two and no more.
 * Addresses travel as {@code long}: the caller keeps the segment behind an address reachable until the call returns.
 */
final class Syscall {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET = CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private static final FunctionDescriptor IOCTL_DESCRIPTOR =
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle IOCTL = intLongLong("ioctl");
    private static final MethodHandle SYSCALL = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("syscall"),
            FunctionDescriptor.of(
                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(1),
            Linker.Option.captureCallState("errno"));

    private static final ThreadLocal<MemorySegment> ERRNO =
            ThreadLocal.withInitial(() -> newErrnoCapture(Arena.ofAuto()));

    private Syscall() {}

    /** A function of the C library with the signature of {@code ioctl}; calling it as variadic harms none on x86-64. */
    static MethodHandle intLongLong(String function) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(function),
                IOCTL_DESCRIPTOR,
                Linker.Option.firstVariadicArg(2),
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
        return call(IOCTL, ERRNO.get(), fd, request, argument);
    }

    /** As {@link #ioctl(int, long, long)}, for a thread that keeps its own {@code capture}. */
    static int ioctl(MemorySegment capture, int fd, long request, long argument) {
        return call(IOCTL, capture, fd, request, argument);
    }

    /** Calls a handle made by {@link #intLongLong}. */
    static int call(MethodHandle function, int first, long second, long third) {
        return call(function, ERRNO.get(), first, second, third);
    }

    private static int call(MethodHandle function, MemorySegment capture, int first, long second, long third) {
        int result;
        try {
            result = (int) function.invokeExact(capture, first, second, third);
        } catch (Throwable unreachable) {
            throw new AssertionError(unreachable);
        }
        return result == -1 ? -capture.get(JAVA_INT, ERRNO_OFFSET) : result;
    }

    static long syscall(long number, long a, long b, long c, long d, long e, long f) {
        MemorySegment capture = ERRNO.get();
        long result;
        try {
            result = (long) SYSCALL.invokeExact(capture, number, a, b, c, d, e, f);
        } catch (Throwable unreachable) {
            throw new AssertionError(unreachable);
        }
        return result == -1 ? -capture.get(JAVA_INT, ERRNO_OFFSET) : result;
    }

    static long syscall(long number, long a, long b, long c) {
        return syscall(number, a, b, c, 0, 0, 0);
    }
}
