package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/** {@code lull_vcpu_run} of {@code native/core/lullcore.h}, called by FFM. */
final class CoreVcpuEntry extends VcpuEntry {
    private static final MethodHandle RUN = link();

    private final int fd;
    private final long run;
    private final long request;
    private final VcpuKick kick;

    CoreVcpuEntry(VcpuFd vcpu, VcpuKick kick) {
        this.fd = vcpu.number();
        this.run = vcpu.kvmRun().segment().address();
        this.request = kick.requestAddress();
        this.kick = kick;
    }

    @Override
    public long run() {
        try {
            return (long) RUN.invokeExact(fd, run, request);
        } catch (Throwable unreachable) {
            throw new AssertionError(unreachable);
        } finally {
            Reference.reachabilityFence(kick); // It owns the request word.
        }
    }

    private static MethodHandle link() {
        SymbolLookup core = core();
        if (core == null) {
            throw new UnsatisfiedLinkError("no native core: the system property " + LIBRARY_PROPERTY + " names none");
        }
        return Linker.nativeLinker()
                .downcallHandle(
                        core.findOrThrow("lull_vcpu_run"),
                        FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
    }
}
