package dev.lull.kvm;

import dev.lull.linux.Fd;
import dev.lull.linux.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
    private final MemorySegment errnoCapture = Fd.newErrnoCapture(Arena.ofAuto());

    CoreVcpuEntry(VcpuFd vcpu, VcpuKick kick) {
        this.fd = vcpu.number();
        this.run = vcpu.kvmRun().segment().address();
        this.request = kick.requestAddress();
        this.kick = kick;
    }

    @Override
    public int run() {
        try {
            return (int) (long) RUN.invokeExact(errnoCapture, (long) fd, run, request, 0L, 0L, 0L, 0L);
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
        return Syscall.sevenLongs(core.findOrThrow("lull_vcpu_run"));
    }
}
