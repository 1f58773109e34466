package dev.lull.perf.exit;

import dev.lull.kvm.KvmConstants;
import dev.lull.kvm.KvmRun;
import dev.lull.perf.bench.ExitGuest;
import dev.lull.perf.bench.JnaLibc;

/** The shortest loop around {@code KVM_RUN} by JNA. */
final class JnaSubject implements Subject {
    private final int fd;
    private final KvmRun run;
    /** What the guest wrote; read, as a device would. */
    long written;

    JnaSubject(ExitGuest guest) {
        fd = guest.vcpu().number();
        run = guest.vcpu().kvmRun();
    }

    @Override
    public void exits(long[] intervalNanos) {
        long before = System.nanoTime();
        for (int i = 0; i < intervalNanos.length; i++) {
            while (JnaLibc.ioctl(fd, KvmConstants.KVM_RUN, 0) != 0) {
                // A signal; nobody kicks this guest.
            }
            written += ExitGuest.written(run.exit());
            long now = System.nanoTime();
            intervalNanos[i] = now - before;
            before = now;
        }
    }
}
