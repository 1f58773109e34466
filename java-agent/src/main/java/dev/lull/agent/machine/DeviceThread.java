package dev.lull.agent.machine;

import dev.lull.device.loop.EventLoop;
import dev.lull.device.loop.Uninterrupted;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.NoOpIdleStrategy;

/**
 * The one thread a machine's devices run on, which sleeps in its loop while none has anything to do.
 *
 * <p>A pause parks it between two events, when what the kernel has taken over, such as a read from a disk, has ended: from then
 * on nothing of the machine's changes its memory.
 */
final class DeviceThread implements AutoCloseable {
    private static final long STACK_BYTES = 512 << 10;
    private static final int CLOSE_RETRY_MILLIS = 1;

    private final EventLoop loop;
    private final IntSupplier requestsUnderWay;
    private final AgentRunner runner;
    private volatile boolean parkWanted;
    private boolean parked;
    private boolean closed;

    /**
     * Starts the thread.
     *
     * @param requestsUnderWay asked on the thread: requests whose end is to be waited for; each ends by an event
     * @param faults takes what a device's code throws by a fault of its own
     */
    DeviceThread(String machine, IntSupplier requestsUnderWay, Consumer<Throwable> faults) {
        this.requestsUnderWay = requestsUnderWay;
        loop = new EventLoop(machine + "-devices", faults);
        runner = new AgentRunner(NoOpIdleStrategy.INSTANCE, faults::accept, null, new Turn());
        AgentRunner.startOnThread(runner, task -> {
            Thread thread = new Thread(null, task, loop.roleName(), STACK_BYTES);
            thread.setDaemon(true);
            return thread;
        });
    }

    EventLoop loop() {
        return loop;
    }

    /** Parks the thread and waits until it is, for as long as requests are under way. */
    synchronized void pause() throws InterruptedException {
        if (!parkWanted && !closed) {
            parkWanted = true;
            loop.wakeUp();
        }
        while (parkWanted && !parked && !closed) {
            wait();
        }
    }

    /** Lets the thread go on. */
    synchronized void resume() {
        parkWanted = false;
        notifyAll();
    }

    /** Ends the thread, parked or not, and gives back the loop. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        // The runner first says that it ends, then waits; only then does waking the loop make it look.
        runner.close(CLOSE_RETRY_MILLIS, thread -> loop.wakeUp());
        loop.close();
    }

    private synchronized void park() {
        parked = true;
        notifyAll();
        Uninterrupted.await(() -> {
            while (parkWanted && !closed) {
                wait();
            }
        });
        parked = false;
    }

    /** What the loop has to do, and a pause after it. */
    private final class Turn implements Agent {
        @Override
        public int doWork() {
            int events = loop.doWork();
            if (parkWanted && requestsUnderWay.getAsInt() == 0) {
                park();
            }
            return events;
        }

        @Override
        public String roleName() {
            return loop.roleName();
        }
    }
}
