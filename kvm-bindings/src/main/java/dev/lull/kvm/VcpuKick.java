package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.lull.linux.KickSignal;
import dev.lull.linux.NativeThread;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Gets a vCPU's thread out of the guest, from any thread, without ever losing a request.
 *
 * <p>The hazard: a signal that arrives while the vCPU's thread is between reading its requests and entering
 * {@code KVM_RUN} would be spent before the entry, and the request would wait for the guest's next exit. KVM's
 * {@code immediate_exit} byte closes that gap. The kicker writes, in this order: what it wants (its own field), the
 * request word, {@code immediate_exit = 1}, and then sends the signal. The vCPU's thread, on {@code EINTR}, writes
 * {@code immediate_exit = 0} and only then reads the request word; all of these are sequentially consistent. If it
 * reads 0 then the kicker's request word, and so its {@code immediate_exit = 1}, come later than the clearing: the next
 * entry returns at once.
 *
 * <p>The other hazard: a signal sent to a thread id that has ended may hit a stranger. {@link #end} and the sending
 * exclude each other.
 */
public final class VcpuKick {
    private static final VarHandle REQUEST = JAVA_INT.varHandle();
    private static final int NOBODY = 0;

    private final KvmRun run;
    private final MemorySegment request = Arena.ofAuto().allocate(64, 64);
    private final Object threadLock = new Object();
    private int threadId = NOBODY;

    /** @param vcpu whose thread is to be kicked; it outlives this object's use */
    public VcpuKick(VcpuFd vcpu) {
        this.run = vcpu.kvmRun();
    }

    /** The calling thread is the vCPU's from now on; a kick from before is not forgotten. */
    public void begin() {
        synchronized (threadLock) {
            threadId = NativeThread.currentId();
            run.setImmediateExit((int) REQUEST.getVolatile(request, 0L) != 0);
        }
    }

    /** The vCPU's thread will not enter the guest again, and gets no more signals. */
    public void end() {
        synchronized (threadLock) {
            threadId = NOBODY;
        }
    }

    /**
     * Makes the vCPU's thread return from the guest, or not enter it again, and {@link #consume}. What it is wanted for
     * was published before. Safe at any moment, from any thread.
     */
    public void kick() {
        if ((int) REQUEST.getAndSet(request, 0L, 1) != 0) {
            return; // Whoever set it is about to do the rest, or has.
        }
        synchronized (threadLock) {
            if (threadId != NOBODY) {
                run.setImmediateExit(true);
                VarHandle.fullFence();
                KickSignal.send(threadId);
            }
        }
    }

    /** On the vCPU's thread: whether there was a kick since the last call. What it was for is read after. */
    public boolean consume() {
        return (int) REQUEST.getAndSet(request, 0L, 0) != 0;
    }

    /** On the vCPU's thread after {@code EINTR}: lets it enter again, and tells whether a kick waits to be consumed. */
    boolean clearImmediateExit() {
        run.setImmediateExit(false);
        VarHandle.fullFence();
        return (int) REQUEST.getVolatile(request, 0L) != 0;
    }

    long requestAddress() {
        return request.address();
    }
}
