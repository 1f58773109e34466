package dev.lull.agent.machine;

import dev.lull.device.bus.IoBus;
import dev.lull.kvm.KvmConstants;
import dev.lull.kvm.KvmRun;
import dev.lull.kvm.VcpuEntry;
import dev.lull.kvm.VcpuExit;
import dev.lull.kvm.VcpuFd;
import dev.lull.kvm.VcpuKick;

/**
 * A vCPU's way into the guest and back, one exit a step.
 *
 * <p>A step allocates nothing and takes no lock: the exit is decoded, looked up on a bus, answered and left.
 * {@code perf/scenarios/exit} measures it. Used by one thread.
 */
public final class VcpuLoop {
    /** Handles what is neither a port nor memory-mapped I/O. */
    @FunctionalInterface
    public interface RareExits {
        /**
         * Handles one.
         *
         * @param reason {@link VcpuExit#reason}
         * @return whether the guest may be entered again
         */
        boolean handle(int reason);
    }

    private final VcpuEntry entry;
    private final KvmRun run;
    private final IoBus.View ports;
    private final IoBus.View memory;
    private final ExitStats stats;
    private final RareExits rareExits;
    private final boolean timed;

    /**
     * A loop over an open vCPU.
     *
     * @param ports the port space
     * @param memory guest-physical addresses outside RAM
     * @param stats where the exits are counted
     */
    public VcpuLoop(VcpuFd fd, VcpuKick kick, IoBus ports, IoBus memory, ExitStats stats, RareExits rareExits) {
        this.entry = VcpuEntry.of(fd, kick);
        this.run = fd.kvmRun();
        this.ports = ports.view();
        this.memory = memory.view();
        this.stats = stats;
        this.rareExits = rareExits;
        this.timed = stats.timed();
    }

    /**
     * Enters the guest and handles its next exit.
     *
     * @return whether it may be entered again
     */
    public boolean step() {
        long exit = entry.run();
        return timed ? handleTimed(exit) : handle(exit);
    }

    private boolean handleTimed(long exit) {
        long startNanos = System.nanoTime();
        boolean goOn = handle(exit);
        stats.record(ExitReason.index(VcpuExit.reason(exit)), System.nanoTime() - startNanos);
        return goOn;
    }

    private boolean handle(long exit) {
        if (VcpuExit.isPortWrite(exit)) {
            stats.increment(KvmConstants.KVM_EXIT_IO);
            ports.write(VcpuExit.port(exit), VcpuExit.sizeBytes(exit), VcpuExit.value(exit));
            return true;
        }
        if (VcpuExit.isPortRead(exit)) {
            stats.increment(KvmConstants.KVM_EXIT_IO);
            int size = VcpuExit.sizeBytes(exit);
            run.setData(VcpuExit.LULL_EXIT_DATA_OFFSET, size, ports.read(VcpuExit.port(exit), size));
            return true;
        }
        return handleOther(VcpuExit.reason(exit));
    }

    private boolean handleOther(int reason) {
        stats.increment(ExitReason.index(reason));
        if (reason == KvmConstants.KVM_EXIT_IO) {
            portString();
            return true;
        }
        if (reason == KvmConstants.KVM_EXIT_MMIO) {
            mmio();
            return true;
        }
        return rareExits.handle(reason);
    }

    private void portString() {
        int port = run.ioPort();
        int size = run.ioSizeBytes();
        long offset = run.ioDataOffset();
        boolean write = run.ioIsWrite();
        for (int left = run.ioCount(); left > 0; left--) {
            if (write) {
                ports.write(port, size, run.data(offset, size));
            } else {
                run.setData(offset, size, ports.read(port, size));
            }
            offset += size;
        }
    }

    private void mmio() {
        long address = run.mmioAddress();
        int size = run.mmioSizeBytes();
        long offset = run.mmioDataOffset();
        if (run.mmioIsWrite()) {
            memory.write(address, size, run.data(offset, size));
        } else {
            run.setData(offset, size, memory.read(address, size));
        }
    }
}
