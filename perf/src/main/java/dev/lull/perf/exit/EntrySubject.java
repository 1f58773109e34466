package dev.lull.perf.exit;

import dev.lull.kvm.VcpuEntry;
import dev.lull.perf.bench.ExitGuest;

/** The shortest loop around one of Lull's ways into the guest. */
final class EntrySubject implements Subject {
    private final VcpuEntry entry;
    /** What the guest wrote; read, as a device would. */
    long written;

    EntrySubject(ExitGuest guest, VcpuEntry.Kind kind) {
        entry = VcpuEntry.of(kind, guest.vcpu(), guest.kick());
    }

    @Override
    public void exits(long[] intervalNanos) {
        long before = System.nanoTime();
        for (int i = 0; i < intervalNanos.length; i++) {
            written += ExitGuest.written(entry.run());
            long now = System.nanoTime();
            intervalNanos[i] = now - before;
            before = now;
        }
    }
}
