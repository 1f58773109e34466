package dev.lull.agent.cli;

import dev.lull.agent.machine.Machine;
import dev.lull.linux.Terminal;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends a machine in good order when a signal ends the process: the terminal is as it was, the console's last words and
 * the statistics are out. The JVM then exits with 128 + the signal's number.
 */
final class SignalGuard extends Thread implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private @Nullable Machine machine;
    private @Nullable Terminal terminal;
    private boolean signalled;
    private boolean closed;

    private SignalGuard() {
        super("lull-signal");
    }

    /** Starts to wait for signals. */
    static SignalGuard install() {
        SignalGuard guard = new SignalGuard();
        try {
            Runtime.getRuntime().addShutdownHook(guard);
        } catch (IllegalStateException e) {
            // A signal came first; the process is ending.
            guard.signalled = true;
        }
        return guard;
    }

    /** Sees to this machine, and to this terminal if there is one, from now on. */
    synchronized void watch(Machine newMachine, @Nullable Terminal newTerminal) {
        machine = newMachine;
        terminal = newTerminal;
        if (signalled) {
            newMachine.stop();
        }
    }

    /** On a signal: stops the machine, and waits for whoever runs it to be done with it. */
    @Override
    public void run() {
        synchronized (this) {
            signalled = true;
            if (machine != null) {
                machine.stop();
                awaitClosed();
            }
            if (terminal != null) {
                terminal.close();
            }
        }
    }

    /** All is reported and closed. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(this);
        } catch (IllegalStateException e) {
            // It is running, and has now seen that this is closed.
        }
    }

    private void awaitClosed() {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        long left = PATIENCE_NANOS;
        while (!closed && left > 0) {
            try {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            } catch (InterruptedException e) {
                return;
            }
            left = deadline - System.nanoTime();
        }
    }
}
