package dev.lull.agent.machine;

import dev.lull.device.bus.IoBus;
import dev.lull.device.loop.Uninterrupted;
import dev.lull.kvm.KvmConstants;
import dev.lull.kvm.KvmRun;
import dev.lull.kvm.VcpuFd;
import dev.lull.kvm.VcpuKick;
import dev.lull.linux.Errno;
import dev.lull.linux.NativeThread;
import org.jspecify.annotations.Nullable;

/** One virtual processor and the thread that lends it time. Whatever stops it (pause, end) arrives as a kick. */
final class Vcpu implements Runnable {
    private static final long STACK_BYTES = 256 << 10;
    private static final int NO_THREAD = 0;

    /** Bound to no CPU. */
    static final int ANY_CPU = -1;

    private final int id;
    private final int cpu;
    private final VcpuFd fd;
    private final @Nullable ScaledCounter counter;
    private final VcpuKick kick;
    private final KvmRun run;
    private final RunGate gate;
    private final Runnable onEnd;
    private final Runnable onLastGone;
    private final ExitStats stats;
    private final VcpuLoop loop;
    private final Thread thread;
    private volatile VcpuState state = VcpuState.NEW;
    private volatile int threadId = NO_THREAD;

    /**
     * @param cpu the host's, or {@link #ANY_CPU}
     * @param counter answers what exits of model-specific registers; null if nothing does
     * @param ports the port space
     * @param memory guest-physical addresses outside RAM
     * @param onEnd gets the other vCPUs out of the guest
     * @param onLastGone called by the last of the machine's vCPUs when none will enter the guest again
     */
    Vcpu(
            String machine,
            int id,
            int cpu,
            VcpuFd fd,
            @Nullable ScaledCounter counter,
            IoBus ports,
            IoBus memory,
            RunGate gate,
            boolean timed,
            Runnable onEnd,
            Runnable onLastGone) {
        this.id = id;
        this.cpu = cpu;
        this.fd = fd;
        this.counter = counter;
        this.kick = new VcpuKick(fd);
        this.run = fd.kvmRun();
        this.gate = gate;
        this.onEnd = onEnd;
        this.onLastGone = onLastGone;
        this.stats = new ExitStats(timed);
        this.loop = new VcpuLoop(fd, kick, ports, memory, stats, this::handleRare);
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

    void join() {
        Uninterrupted.await(thread::join);
    }

    VcpuFd fd() {
        return fd;
    }

    ExitStats stats() {
        return stats;
    }

    /** What it does at the moment, as far as its thread knows. */
    VcpuState state() {
        return state;
    }

    /** The processor time its thread has used, in nanoseconds; −1 if there is no thread. */
    long cpuNanos() {
        int id = threadId;
        long nanos = id == NO_THREAD ? -1 : NativeThread.cpuNanos(id);
        // Unless it is still the thread's, the id may have been a stranger's.
        return threadId == id ? nanos : -1;
    }

    /** How its thread waited for a CPU; null if there is no thread, or the host does not tell. */
    NativeThread.@Nullable RunQueueDelay runQueueDelay() {
        int id = threadId;
        NativeThread.RunQueueDelay delay = id == NO_THREAD ? null : NativeThread.runQueueDelay(id);
        return threadId == id ? delay : null;
    }

    @Override
    public void run() {
        kick.begin();
        threadId = NativeThread.currentId();
        try {
            if (cpu != ANY_CPU) {
                NativeThread.pin(cpu);
            }
            boolean goOn = passGate();
            while (goOn) {
                goOn = loop.step();
            }
        } catch (RuntimeException | Error e) {
            end(new MachineEnd(
                    MachineEnd.Kind.FAILED,
                    "vCPU " + id + " was stopped by a fault of Lull's own: " + e,
                    RegisterDump.of(id, fd),
                    e));
        } finally {
            state = VcpuState.ENDED;
            threadId = NO_THREAD;
            kick.end();
            if (gate.leave()) {
                onLastGone.run();
            }
        }
    }

    private boolean passGate() {
        state = VcpuState.PAUSED;
        boolean goOn = gate.pass();
        state = VcpuState.RUNNING;
        return goOn;
    }

    private boolean handleRare(int reason) {
        if (counter != null && isMsrAccess(reason)) {
            counter.access(id, fd, reason == KvmConstants.KVM_EXIT_X86_WRMSR);
            return true;
        }
        switch (reason) {
            case -Errno.EINTR -> {
                return !kick.consume() || passGate();
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

    private static boolean isMsrAccess(int reason) {
        return reason == KvmConstants.KVM_EXIT_X86_RDMSR || reason == KvmConstants.KVM_EXIT_X86_WRMSR;
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
        end(new MachineEnd(MachineEnd.Kind.FAILED, message, RegisterDump.of(id, fd), null));
    }

    private void end(MachineEnd how) {
        gate.end(how);
        onEnd.run();
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
