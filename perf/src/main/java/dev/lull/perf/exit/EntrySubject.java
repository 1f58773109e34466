package dev.lull.perf.exit;

import dev.lull.kvm.KvmConstants;
import dev.lull.kvm.KvmRun;
import dev.lull.kvm.VcpuEntry;
import dev.lull.perf.bench.ExitGuest;

/** The shortest loop around one of Lull's ways into the guest. */
final class EntrySubject implements Subject {
    private final VcpuEntry entry;
    private final KvmRun run;
    /** What the guest wrote; read, as a device would. */
    long written;

    EntrySubject(ExitGuest guest, VcpuEntry.Kind kind) {
        entry = VcpuEntry.of(kind, guest.vcpu(), guest.kick());
        run = guest.vcpu().kvmRun();
    }

    @Override
    public void exits(long[] intervalNanos) {
        long before = System.nanoTime();
        for (int i = 0; i < intervalNanos.length; i++) {
            int reason = entry.run();
            if (reason != KvmConstants.KVM_EXIT_IO || !run.ioIsWrite() || run.ioPort() != ExitGuest.PORT) {
                throw new IllegalStateException("unexpected exit " + reason);
            }
            written += run.data(run.ioDataOffset(), run.ioSizeBytes());
            long now = System.nanoTime();
            intervalNanos[i] = now - before;
            before = now;
        }
    }
}
