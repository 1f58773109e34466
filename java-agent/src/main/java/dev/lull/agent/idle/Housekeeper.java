package dev.lull.agent.idle;

import dev.lull.agent.idle.Submission.State;
import dev.lull.device.loop.Uninterrupted;
import dev.lull.idle.IdleOutcome;
import dev.lull.linux.NativeThread;
import java.util.BitSet;
import java.util.function.Supplier;

/** Steps tasks that are past their deadline on a CPU that is no guest's, if there is one, and lets that be known. */
final class Housekeeper implements Runnable {
    /** Where there is no CPU but the guests', these come first, and not so much that Java stands still. */
    static final int NICE = 10;

    private static final long STACK_BYTES = 256 << 10;

    /** Steps between two looks at whether it is still wanted. */
    private static final int STEPS_AT_ONCE = 64;

    private final TaskQueue queue;
    private final IdleSettings settings;
    private final IdleEvents events;
    private final Supplier<BitSet> cpus;
    private final Thread thread;

    /** @param cpus where it is to be */
    Housekeeper(TaskQueue queue, IdleSettings settings, IdleEvents events, Supplier<BitSet> cpus) {
        this.queue = queue;
        this.settings = settings;
        this.events = events;
        this.cpus = cpus;
        this.thread = new Thread(null, this, "idle-housekeeper", STACK_BYTES);
        this.thread.setDaemon(true);
        this.thread.start();
    }

    /** Ends with its queue, which was closed. */
    void join() {
        Uninterrupted.await(thread::join);
    }

    @Override
    public void run() {
        NativeThread.setNice(NICE);
        Submission work = queue.take(this, any -> true, true);
        while (work != null) {
            NativeThread.setAffinity(cpus.get());
            State state = step(work);
            queue.giveBack(work, state, this, false);
            work.machine.settle(work, state);
            work = queue.take(this, any -> true, true);
        }
    }

    private State step(Submission work) {
        IdleOutcome outcome = IdleOutcome.MORE;
        try {
            for (int i = 0; i < STEPS_AT_ONCE && outcome == IdleOutcome.MORE && !work.isCancelled(); i++) {
                long beginNanos = System.nanoTime();
                outcome = work.task.step(settings.maxStepNanos());
                long nanos = System.nanoTime() - beginNanos;
                work.recordStep(nanos, true);
                events.overdueStep(work, beginNanos, nanos);
            }
            return Submission.after(outcome);
        } catch (RuntimeException | Error e) {
            events.failed(work, e);
            return State.ENDED;
        }
    }
}
