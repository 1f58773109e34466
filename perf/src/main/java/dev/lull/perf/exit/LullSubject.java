package dev.lull.perf.exit;

import dev.lull.device.bus.IoBus;
import dev.lull.device.bus.IoRegion;
import dev.lull.kvm.KvmConstants;
import dev.lull.kvm.KvmRun;
import dev.lull.kvm.VcpuEntry;
import dev.lull.perf.bench.ExitGuest;

/**
 * Lull's default path: the way in {@link VcpuEntry} chooses, the exit counted, the access looked up on a bus of several
 * devices, and a device's register written. It is the loop of {@code dev.lull.agent.machine.Vcpu}, step by step.
 */
final class LullSubject implements Subject {
    /** A device with one register. */
    private static final class Register implements IoRegion {
        private long value;

        @Override
        public long read(long offset, int sizeBytes) {
            return value;
        }

        @Override
        public void write(long offset, int sizeBytes, long written) {
            value = written;
        }
    }

    private static final int KICK = 63;

    private final VcpuEntry entry;
    private final KvmRun run;
    private final IoBus.View ports;
    private final long[] counts = new long[KICK + 1];

    LullSubject(ExitGuest guest) {
        entry = VcpuEntry.of(guest.vcpu(), guest.kick());
        run = guest.vcpu().kvmRun();
        IoBus bus = new IoBus("port");
        bus.add(ExitGuest.PORT, 1, new Register());
        bus.add(0x60, 5, new Register());
        bus.add(0x3F8, 8, new Register());
        ports = bus.view();
    }

    @Override
    public void exits(long[] intervalNanos) {
        long before = System.nanoTime();
        for (int i = 0; i < intervalNanos.length; i++) {
            handle(entry.run());
            long now = System.nanoTime();
            intervalNanos[i] = now - before;
            before = now;
        }
    }

    private void handle(int reason) {
        counts[reason >= 0 && reason < KICK ? reason : KICK]++;
        if (reason == KvmConstants.KVM_EXIT_IO) {
            port();
        } else {
            throw new IllegalStateException("unexpected exit " + reason);
        }
    }

    private void port() {
        int port = run.ioPort();
        int size = run.ioSizeBytes();
        long offset = run.ioDataOffset();
        boolean write = run.ioIsWrite();
        if (run.ioCount() == 1) {
            port(port, size, offset, write);
            return;
        }
        for (int left = run.ioCount(); left > 0; left--) {
            port(port, size, offset, write);
            offset += size;
        }
    }

    private void port(int port, int size, long offset, boolean write) {
        if (write) {
            ports.write(port, size, run.data(offset, size));
        } else {
            run.setData(offset, size, ports.read(port, size));
        }
    }
}
