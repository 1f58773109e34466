package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lull.kvm.VcpuEntry;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/** The functions of {@code native/core/lullidle.h}, called by FFM. */
final class IdleCore {
    private static final SymbolLookup CORE = core();
    private static final MethodHandle RUN =
            link("lull_idle_run", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle AWAIT =
            link("lull_idle_await", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle NOW = link("lull_now_nanos", FunctionDescriptor.of(JAVA_LONG));
    private static final MethodHandle STEP =
            Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));

    private IdleCore() {}

    /** The address of one of the core's functions. */
    static long address(String function) {
        return CORE.findOrThrow(function).address();
    }

    static int run(MemorySegment idle, NativeTask task) {
        try {
            return (int) RUN.invokeExact(idle.address(), task.task.address());
        } catch (Throwable unreachable) {
            throw new AssertionError(unreachable);
        } finally {
            Reference.reachabilityFence(idle);
            Reference.reachabilityFence(task);
        }
    }

    static int await(MemorySegment idle, long costNanos) {
        try {
            return (int) AWAIT.invokeExact(idle.address(), costNanos);
        } catch (Throwable unreachable) {
            throw new AssertionError(unreachable);
        } finally {
            Reference.reachabilityFence(idle);
        }
    }

    static IdleOutcome step(NativeTask task, long budgetNanos) {
        try {
            MemorySegment function = MemorySegment.ofAddress(task.task.get(JAVA_LONG, IdleLayout.Task.STEP));
            long deadline = (long) NOW.invokeExact() + budgetNanos;
            return IdleOutcome.ofStep((int) STEP.invokeExact(function, task.task.address(), deadline));
        } catch (Throwable unreachable) {
            throw new AssertionError(unreachable);
        } finally {
            Reference.reachabilityFence(task);
        }
    }

    /** Calls one of the core's functions on {@code task}, for as long as it takes. */
    static int call(String function, NativeTask task) {
        try {
            MethodHandle handle = link(function, FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
            return (int) handle.invokeExact(task.task.address());
        } catch (Throwable unreachable) {
            throw new AssertionError(unreachable);
        } finally {
            Reference.reachabilityFence(task);
        }
    }

    private static MethodHandle link(String function, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(CORE.findOrThrow(function), descriptor);
    }

    private static SymbolLookup core() {
        SymbolLookup core = VcpuEntry.core();
        if (core == null) {
            throw new IdleUnavailable("idle time is used by the native core, and there is none: the system property "
                    + VcpuEntry.LIBRARY_PROPERTY + " names no library");
        }
        return core;
    }
}
