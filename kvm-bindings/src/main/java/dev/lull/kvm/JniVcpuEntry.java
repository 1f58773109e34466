package dev.lull.kvm;

import java.lang.ref.Reference;
import java.nio.file.Path;

/** {@code lull_vcpu_run} of {@code native/core/lullcore.h}, called by JNI. */
final class JniVcpuEntry extends VcpuEntry {
    static {
        Path core = corePath();
        if (core == null) {
            throw new UnsatisfiedLinkError("no native core: the system property " + LIBRARY_PROPERTY + " names none");
        }
        System.load(core.toAbsolutePath().toString());
    }

    private final int fd;
    private final long run;
    private final long request;
    private final VcpuKick kick;

    JniVcpuEntry(VcpuFd vcpu, VcpuKick kick) {
        this.fd = vcpu.number();
        this.run = vcpu.kvmRun().segment().address();
        this.request = kick.requestAddress();
        this.kick = kick;
    }

    @Override
    public long run() {
        try {
            return run(fd, run, request);
        } finally {
            Reference.reachabilityFence(kick); // It owns the request word.
        }
    }

    private static native long run(int fd, long run, long request);
}
