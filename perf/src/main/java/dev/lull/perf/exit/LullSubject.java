package dev.lull.perf.exit;

import dev.lull.agent.machine.ExitStats;
import dev.lull.agent.machine.VcpuLoop;
import dev.lull.device.bus.IoBus;
import dev.lull.device.bus.IoRegion;
import dev.lull.perf.bench.ExitGuest;

/**
 * Lull's default path, its own {@link VcpuLoop}: the way in that is the default, the exit counted, the access looked up on
 * a bus of several devices, and a device's register written.
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

    private final VcpuLoop loop;

    LullSubject(ExitGuest guest) {
        IoBus ports = new IoBus("port");
        ports.add(ExitGuest.PORT, 1, new Register());
        ports.add(0x60, 5, new Register());
        ports.add(0x3F8, 8, new Register());
        IoBus memory = new IoBus("guest-physical address");
        loop = new VcpuLoop(guest.vcpu(), guest.kick(), ports, memory, new ExitStats(false), reason -> {
            throw new IllegalStateException("unexpected exit " + reason);
        });
    }

    @Override
    public void exits(long[] intervalNanos) {
        long before = System.nanoTime();
        for (int i = 0; i < intervalNanos.length; i++) {
            loop.step();
            long now = System.nanoTime();
            intervalNanos[i] = now - before;
            before = now;
        }
    }
}
