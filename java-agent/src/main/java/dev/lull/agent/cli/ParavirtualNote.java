package dev.lull.agent.cli;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Says, where KVM has no hardware below it, why a guest takes so long: a kernel's code is interpreted there, for minutes,
 * and then fails. A guest that ends soon was none, and nothing is said.
 */
final class ParavirtualNote extends Thread {
    /** What to do instead, for the end of a message. */
    static final String HINT =
            "; this host's KVM is paravirtual (no vmx or svm) and runs no stock kernel, the lab does: ./lull lab shell";

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Stdio stdio;
    private boolean cancelled;

    private ParavirtualNote(Stdio stdio) {
        super("lull-note");
        this.stdio = stdio;
        setDaemon(true);
    }

    /** Starts to wait; null on a host whose processors have virtualization. */
    static @Nullable ParavirtualNote onParavirtualHost(Stdio stdio) {
        if (ProcessorFlags.haveVirtualization()) {
            return null;
        }
        ParavirtualNote note = new ParavirtualNote(stdio);
        note.start();
        return note;
    }

    /** The guest has ended. */
    synchronized void cancel() {
        cancelled = true;
        notifyAll();
    }

    @Override
    public void run() {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        synchronized (this) {
            try {
                for (long left = PATIENCE_NANOS; !cancelled && left > 0; left = deadline - System.nanoTime()) {
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                }
            } catch (InterruptedException e) {
                return;
            }
            if (!cancelled) {
                stdio.err().println("lull: the guest still runs".concat(HINT));
            }
        }
    }
}
