package dev.lull.perf.bench;

import dev.lull.kvm.VcpuEntry;
import dev.lull.kvm.VcpuFd;
import dev.lull.linux.Errno;
import java.nio.file.Path;

/** The yardsticks in C, {@code native/core/bench.c}: whole loops, entered from Java once a batch. */
public final class CLoops {
    private static final int RUN_BYTES = 4096;

    static {
        String core = System.getProperty(VcpuEntry.LIBRARY_PROPERTY);
        if (core == null) {
            throw new UnsatisfiedLinkError("the system property " + VcpuEntry.LIBRARY_PROPERTY + " is not set");
        }
        System.load(
                Path.of(core).toAbsolutePath().resolveSibling("liblullbench.so").toString());
    }

    private CLoops() {}

    /** Takes as many exits as {@code intervalNanos} has elements, each with the time since the last. */
    public static void exits(VcpuFd vcpu, long[] intervalNanos) {
        int error = exits(vcpu.number(), RUN_BYTES + RUN_BYTES, intervalNanos);
        if (error != 0) {
            throw new IllegalStateException("the C loop failed: " + Errno.name(-error));
        }
    }

    /** Makes the same ioctl {@code count} times; returns the last result. */
    public static native int ioctls(int fd, long request, long argument, int count);

    private static native int exits(int vcpuFd, int runBytes, long[] intervalNanos);
}
