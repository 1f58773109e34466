package dev.lull.agent.machine;

import dev.lull.device.bus.IoBus;
import dev.lull.kvm.KvmConstants;
import dev.lull.kvm.KvmRun;
import dev.lull.kvm.VcpuEntry;
import dev.lull.kvm.VcpuFd;
import dev.lull.kvm.VcpuKick;
import dev.lull.linux.Errno;

/**
 * One virtual processor and the thread that lends it time.
 *
 * <p>The loop allocates nothing and takes no lock: an exit is decoded from the shared page, looked up on a bus, answered
 * and left. Whatever stops it (pause, end) arrives as a kick.
 */
final class Vcpu implements Runnable {
    private static final long STACK_BYTES = 256 << 10;

    private final int id;
    private final VcpuFd fd;
    private final VcpuKick kick;
    private final VcpuEntry entry;
    private final KvmRun run;
    private final IoBus.View ports;
    private final IoBus.View memory;
    private final RunGate gate;
    private final Runnable onEnd;
    private final ExitStats stats;
    private final boolean timed;
    private final Thread thread;

    /**
     * @param ports the port space
     * @param memory guest-physical addresses outside RAM
     * @param onEnd gets the other vCPUs out of the guest
     */
    Vcpu(String machine, int id, VcpuFd fd, IoBus ports, IoBus memory, RunGate gate, boolean timed, Runnable onEnd) {
        this.id = id;
        this.fd = fd;
        this.kick = new VcpuKick(fd);
        this.entry = VcpuEntry.of(fd, kick);
        this.run = fd.kvmRun();
        this.ports = ports.view();
        this.memory = memory.view();
        this.gate = gate;
        this.onEnd = onEnd;
        this.timed = timed;
        this.stats = new ExitStats(timed);
        this.thread = new Thread(null, this, machine + "-vcpu" + id, STACK_BYTES);
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Makes the thread come by the gate; safe at any moment from any thread. */
    void kick() {
        kick.kick();
    }

    void join() throws InterruptedException {
        thread.join();
    }

    VcpuFd fd() {
        return fd;
    }

    ExitStats stats() {
        return stats;
    }

    @Override
    public void run() {
        kick.begin();
        try {
            if (gate.pass()) {
                loop();
            }
        } catch (RuntimeException | Error e) {
            fail("vCPU " + id + " stopped by a fault of the monitor: " + e);
            throw e;
        } finally {
            kick.end();
            gate.leave();
        }
    }

    private void loop() {
        boolean goOn = true;
        while (goOn) {
            int reason = entry.run();
            if (timed) {
                long startNanos = System.nanoTime();
                goOn = handle(reason);
                stats.record(index(reason), System.nanoTime() - startNanos);
            } else {
                goOn = handle(reason);
            }
        }
    }

    private boolean handle(int reason) {
        stats.count(index(reason), 1);
        if (reason == KvmConstants.KVM_EXIT_IO) {
            port();
            return true;
        }
        if (reason == KvmConstants.KVM_EXIT_MMIO) {
            mmio();
            return true;
        }
        return handleRare(reason);
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

    private boolean handleRare(int reason) {
        switch (reason) {
            case -Errno.EINTR -> {
                return !kick.consume() || gate.pass();
            }
            case KvmConstants.KVM_EXIT_INTR, KvmConstants.KVM_EXIT_IRQ_WINDOW_OPEN -> {
                return true;
            }
            case KvmConstants.KVM_EXIT_SYSTEM_EVENT -> systemEvent(run.systemEventType());
            case KvmConstants.KVM_EXIT_SHUTDOWN -> fail("the guest's vCPU " + id + " shut down by a triple fault");
            case KvmConstants.KVM_EXIT_INTERNAL_ERROR ->
                fail("KVM gave up on vCPU " + id + ": " + internalError(run.internalSuberror()));
            case KvmConstants.KVM_EXIT_FAIL_ENTRY ->
                fail("the processor refused to enter vCPU %d: reason 0x%x"
                        .formatted(id, run.hardwareEntryFailureReason()));
            case KvmConstants.KVM_EXIT_UNKNOWN ->
                fail("vCPU %d left for a reason unknown to KVM: 0x%x".formatted(id, run.hardwareExitReason()));
            default -> {
                if (reason < 0) {
                    fail("KVM_RUN on vCPU " + id + " failed: " + Errno.name(-reason));
                } else {
                    fail("vCPU " + id + " left for a reason Lull does not handle: " + ExitReason.name(reason));
                }
            }
        }
        return false;
    }

    private void systemEvent(int type) {
        switch (type) {
            case KvmConstants.KVM_SYSTEM_EVENT_SHUTDOWN ->
                end(MachineEnd.of(MachineEnd.Kind.POWER_OFF, "the guest powered off"));
            case KvmConstants.KVM_SYSTEM_EVENT_RESET -> end(MachineEnd.of(MachineEnd.Kind.RESET, "the guest reset"));
            default -> fail("the guest reported a crash through KVM, event " + type);
        }
    }

    private void fail(String message) {
        end(new MachineEnd(MachineEnd.Kind.FAILED, message, RegisterDump.of(id, fd)));
    }

    private void end(MachineEnd how) {
        gate.end(how);
        onEnd.run();
    }

    private static int index(int reason) {
        return reason >= 0 && reason < ExitReason.KICK ? reason : ExitReason.KICK;
    }

    private static String internalError(int suberror) {
        return switch (suberror) {
            case KvmConstants.KVM_INTERNAL_ERROR_EMULATION -> "an instruction it cannot emulate";
            case KvmConstants.KVM_INTERNAL_ERROR_SIMUL_EX -> "simultaneous exceptions";
            case KvmConstants.KVM_INTERNAL_ERROR_DELIVERY_EV -> "an exit while an event was being delivered";
            case KvmConstants.KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON -> "an exit it did not expect";
            default -> "internal error " + suberror;
        };
    }
}
