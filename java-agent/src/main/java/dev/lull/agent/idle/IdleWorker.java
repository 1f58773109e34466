package dev.lull.agent.idle;

import dev.lull.agent.idle.Submission.State;
import dev.lull.device.loop.Uninterrupted;
import dev.lull.idle.DeviceLoop;
import dev.lull.idle.IdleContext;
import dev.lull.idle.IdleOutcome;
import dev.lull.idle.IdleRecord;
import dev.lull.idle.NativeTask;
import dev.lull.idle.RestingVcpu;
import dev.lull.linux.NativeThread;
import java.util.ArrayList;
import java.util.List;

/**
 * The worker of one CPU: a thread that is bound to it and sleeps while there is no task for the machines at home there.
 *
 * <p>It is in {@code SCHED_IDLE} only inside the native core. In Java it is an ordinary thread, for some microseconds each batch:
 * the JVM waits for all its threads in Java at a safepoint, and one that a guest keeps off its CPU would make it wait for as
 * long as the guest likes.
 */
final class IdleWorker implements Runnable {
    private static final long STACK_BYTES = 256 << 10;

    /** How long the native core keeps a task, at the least, before others have a say. */
    private static final long BATCH_NANOS = 100_000_000;

    private record Guest(IdleMachine machine, List<RestingVcpu> vcpus) {}

    private final int cpu;
    private final TaskQueue queue;
    private final IdleEvents events;
    private final long maxStepNanos;
    private final IdleContext context;
    private final Thread thread;
    private volatile int threadId;

    private final Object turn = new Object();
    private final List<Guest> guests = new ArrayList<>();
    private boolean inside;
    private int changesWanted;

    IdleWorker(int cpu, TaskQueue queue, IdleSettings settings, IdleEvents events) {
        this.cpu = cpu;
        this.queue = queue;
        this.events = events;
        this.maxStepNanos = settings.maxStepNanos();
        String name = "idle-cpu" + cpu;
        this.context =
                new IdleContext(name, settings.policy(), settings.minStepNanos(), settings.maxStepNanos(), BATCH_NANOS);
        this.thread = new Thread(null, this, name, STACK_BYTES);
        this.thread.setDaemon(true);
        this.thread.start();
    }

    /** Processor time it has used, in nanoseconds. */
    long cpuNanos() {
        int id = threadId;
        return id == 0 ? 0 : Math.max(0, NativeThread.cpuNanos(id));
    }

    /** {@code vcpus} of {@code machine} are at home here, and their rest is waited for from now on. */
    void add(IdleMachine machine, List<RestingVcpu> vcpus) {
        change(() -> guests.add(new Guest(machine, vcpus)));
        queue.wake();
    }

    /** Forgets a machine; after this the worker does not touch its vCPUs. */
    void remove(IdleMachine machine) {
        change(() -> guests.removeIf(guest -> guest.machine == machine));
    }

    /** Makes the worker come out of the native core soon. */
    void interrupt() {
        context.request();
    }

    /** Ends with its queue, which was closed. */
    void join() {
        context.request();
        Uninterrupted.await(thread::join);
        context.close();
    }

    @Override
    public void run() {
        threadId = NativeThread.currentId();
        NativeThread.pin(cpu);
        Submission work = queue.take(this, this::isAtHome, false);
        while (work != null) {
            step(work);
            work = queue.take(this, this::isAtHome, false);
        }
        threadId = 0;
    }

    private void step(Submission work) {
        long before = context.steps();
        State state;
        enter();
        try {
            NativeTask nativeWork = work.task.nativeWork();
            IdleOutcome outcome = work.isCancelled()
                    ? IdleOutcome.REQUESTED
                    : nativeWork == null ? stepInJava(work) : context.run(nativeWork);
            if (outcome == IdleOutcome.DONE && nativeWork != null) {
                outcome = work.task.nativeDone();
            }
            context.takeRecords(record -> note(work, record));
            state = Submission.after(outcome);
        } catch (RuntimeException | Error e) {
            events.failed(work, e);
            state = State.ENDED;
        } finally {
            leave();
        }
        boolean stepped = context.steps() != before || (work.task.nativeWork() == null && state != State.QUEUED);
        queue.giveBack(work, state, this, !stepped);
        work.machine.settle(work, state);
    }

    private IdleOutcome stepInJava(Submission work) {
        IdleOutcome rest = context.await(work.costNanos(maxStepNanos));
        if (rest != IdleOutcome.MORE) {
            return IdleOutcome.REQUESTED;
        }
        long beginNanos = System.nanoTime();
        IdleOutcome outcome = work.task.step(maxStepNanos);
        long nanos = System.nanoTime() - beginNanos;
        work.recordStep(nanos, false, false);
        events.javaStep(work, beginNanos, nanos, cpu, outcome);
        return outcome;
    }

    private void note(Submission work, IdleRecord record) {
        if (record.kind() == IdleRecord.Kind.STEP) {
            work.recordStep(record.nanos(), record.preempted(), false);
        }
        events.happened(work, record);
    }

    private boolean isAtHome(Submission work) {
        synchronized (turn) {
            for (Guest guest : guests) {
                if (guest.machine == work.machine) {
                    return true;
                }
            }
            return false;
        }
    }

    private void enter() {
        synchronized (turn) {
            Uninterrupted.await(() -> {
                while (changesWanted > 0) {
                    turn.wait();
                }
            });
            context.clearRequest();
            inside = true;
        }
    }

    private void leave() {
        synchronized (turn) {
            inside = false;
            turn.notifyAll();
        }
    }

    private void change(Runnable change) {
        synchronized (turn) {
            changesWanted++;
            Uninterrupted.await(() -> {
                while (inside) {
                    context.request();
                    turn.wait();
                }
            });
            changesWanted--;
            change.run();
            List<RestingVcpu> vcpus = new ArrayList<>();
            List<DeviceLoop> loops = new ArrayList<>();
            for (Guest guest : guests) {
                vcpus.addAll(guest.vcpus);
                DeviceLoop loop = guest.machine.deviceLoop();
                if (loop != null) {
                    loops.add(loop);
                }
            }
            context.setGuests(vcpus, loops);
            turn.notifyAll();
        }
    }
}
