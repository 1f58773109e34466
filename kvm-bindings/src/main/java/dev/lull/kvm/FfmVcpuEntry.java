package dev.lull.kvm;

import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** {@code KVM_RUN} by FFM, with the loop of {@code native/core/lullcore.c} in Java. */
final class FfmVcpuEntry extends VcpuEntry {
    private final Fd fd;
    private final KvmRun run;
    private final VcpuKick kick;
    private final MemorySegment errnoCapture = Fd.newErrnoCapture(Arena.ofAuto());

    FfmVcpuEntry(VcpuFd vcpu, VcpuKick kick) {
        this.fd = vcpu.fd;
        this.run = vcpu.kvmRun();
        this.kick = kick;
    }

    @Override
    public long run() {
        while (true) {
            int result = fd.tryIoctl(errnoCapture, KvmConstants.KVM_RUN, 0);
            if (result == 0) {
                return run.exit();
            }
            if (result != -Errno.EINTR && result != -Errno.EAGAIN) {
                return result;
            }
            if (kick.clearImmediateExit()) {
                return -Errno.EINTR;
            }
        }
    }
}
