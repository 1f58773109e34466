package dev.lull.agent.machine;

import dev.lull.device.loop.Uninterrupted;
import org.jspecify.annotations.Nullable;

/**
 * Where a machine's vCPU threads wait to be let into the guest, and where its life ends, once.
 *
 * <p>A state is set here first and the vCPUs are kicked after: each then comes by and sees it.
 */
final class RunGate {
    private final int vcpus;
    private boolean open = true;
    private @Nullable MachineEnd end;
    private int waiting;
    private int gone;

    RunGate(int vcpus) {
        this.vcpus = vcpus;
    }

    /**
     * On a vCPU's thread: waits until it may enter the guest.
     *
     * @return false if the machine has ended, and it may not
     */
    synchronized boolean pass() {
        waiting++;
        notifyAll();
        Uninterrupted.await(() -> {
            while (!open && end == null) {
                wait();
            }
        });
        waiting--;
        return end == null;
    }

    /**
     * On a vCPU's thread: it will not come by again. The machine has ended.
     *
     * @return whether it was the last
     */
    synchronized boolean leave() {
        gone++;
        notifyAll();
        return gone == vcpus;
    }

    synchronized void close() {
        open = false;
    }

    synchronized void open() {
        open = true;
        notifyAll();
    }

    /** Whether a pause is in force. */
    synchronized boolean isClosed() {
        return !open;
    }

    /** Ends the machine; the first end counts. */
    synchronized void end(MachineEnd how) {
        if (end == null) {
            end = how;
            notifyAll();
        }
    }

    synchronized @Nullable MachineEnd end() {
        return end;
    }

    /** Waits until every vCPU's thread waits here or is gone, or the gate is open again. */
    synchronized void awaitAllOutside() throws InterruptedException {
        while (!open && waiting + gone < vcpus) {
            wait();
        }
    }

    /** Waits for the end, and for every vCPU's thread to be gone. */
    synchronized MachineEnd awaitEnd() throws InterruptedException {
        while (true) {
            MachineEnd ended = end;
            if (ended != null && gone == vcpus) {
                return ended;
            }
            wait();
        }
    }
}
