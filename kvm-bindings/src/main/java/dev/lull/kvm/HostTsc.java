package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** The host's time stamp counter, by {@code lull_ticks} of {@code native/core/lullcore.h}. */
public final class HostTsc {
    private static final MethodHandle TICKS = link();

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

    private static MethodHandle link() {
        SymbolLookup core = VcpuEntry.core();
        if (core == null) {
            throw new UnsatisfiedLinkError(
                    "no native core: the system property " + VcpuEntry.LIBRARY_PROPERTY + " names none");
        }
        return Linker.nativeLinker().downcallHandle(core.findOrThrow("lull_ticks"), FunctionDescriptor.of(JAVA_LONG));
    }
}
