package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.locks.LockSupport;

/** The host's time stamp counter, by functions of {@code native/core/lullcore.h}. */
public final class HostTsc {
    /** So short that the JVM need not be told of it. */
    private static final MethodHandle TICKS =
            link("lull_ticks", FunctionDescriptor.of(JAVA_LONG), Linker.Option.critical(false));

    private static final MethodHandle SAMPLE = link("lull_sample_clock", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));

    private static final double MAX_ERROR = 10e-6;
    private static final long PAUSE_NANOS = 2_000_000;
    private static final double SECOND_NANOS = 1e9;

    /**
     * The counter and the clock at one moment.
     *
     * @param ticks the counter
     * @param nanos {@code CLOCK_MONOTONIC_RAW}
     * @param spreadTicks the moment is this long, with {@code ticks} in its middle
     */
    private record Sample(long ticks, long nanos, long spreadTicks) {
        static Sample take() {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment sample = arena.allocate(JAVA_LONG, 2);
                long spread = (long) SAMPLE.invokeExact(sample.address());
                return new Sample(sample.getAtIndex(JAVA_LONG, 0), sample.getAtIndex(JAVA_LONG, 1), spread);
            } catch (Throwable unreachable) {
                throw new AssertionError(unreachable);
            }
        }
    }

    private HostTsc() {}

    /** Whether it can be read: where there is a native core. */
    public static boolean isReadable() {
        return VcpuEntry.core() != null;
    }

    /** Reads it, after all loads before the call and before all after. Allocates nothing. */
    public static long read() {
        try {
            return (long) TICKS.invokeExact();
        } catch (Throwable unreachable) {
            throw new AssertionError(unreachable);
        }
    }

    /**
     * Measures its frequency by {@code CLOCK_MONOTONIC_RAW}, to 10 parts in a million, which takes some milliseconds.
     * What KVM says of it ({@code KVM_GET_TSC_KHZ}) is from when its module was loaded, perhaps before Linux had
     * measured it well: 870 parts in a million off have been seen.
     *
     * @return hertz
     */
    public static long measureHertz() {
        Sample first = Sample.take();
        while (true) {
            LockSupport.parkNanos(PAUSE_NANOS);
            Sample last = Sample.take();
            long ticks = last.ticks - first.ticks;
            if ((first.spreadTicks + last.spreadTicks) / 2.0 <= MAX_ERROR * ticks) {
                return Math.round(ticks * SECOND_NANOS / (last.nanos - first.nanos));
            }
        }
    }

    private static MethodHandle link(String function, FunctionDescriptor descriptor, Linker.Option... options) {
        SymbolLookup core = VcpuEntry.core();
        if (core == null) {
            throw new UnsatisfiedLinkError(
                    "no native core: the system property " + VcpuEntry.LIBRARY_PROPERTY + " names none");
        }
        return Linker.nativeLinker().downcallHandle(core.findOrThrow(function), descriptor, options);
    }
}
