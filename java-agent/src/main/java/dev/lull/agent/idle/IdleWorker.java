package dev.lull.agent.idle;

import dev.lull.agent.idle.Submission.State;
import dev.lull.device.loop.Uninterrupted;
import dev.lull.idle.DeviceLoop;
import dev.lull.idle.IdleContext;
import dev.lull.idle.IdleOutcome;
import dev.lull.idle.IdlePolicy;
import dev.lull.idle.NativeTask;
import dev.lull.idle.RestingVcpu;
import dev.lull.linux.NativeThread;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Supplier;

/**
 * The worker of one CPU: a thread that sleeps while there is no task for the machines at home there.
 *
 * <p>It is on that CPU, and in {@code SCHED_IDLE}, only inside the native core. In Java it is an ordinary thread on a housekeeping
 * CPU: the JVM waits for all its threads in Java at a safepoint, and one that a guest keeps off its CPU would make it wait for
 * as long as the guest likes.
 */
final class IdleWorker implements Runnable {
    private static final long STACK_BYTES = 256 << 10;

    /** How long the native core keeps a task that another comes before, as soon as that is not blocked any more. */
    private static final long SHORT_BATCH_NANOS = 100_000_000;

    private static final long LONGEST_BATCH_NANOS = 3600_000_000_000L;

    /** How long a worker whose guests do not rest keeps a task from the other workers of its machine. */
    private static final long PATIENCE_NANOS = 100_000_000;

    /** What a guest that is always at rest needs of them in a third of a second. */
    private static final int RECORDS = 8192;

    private static final long SHORTEST_BATCH_NANOS = 1_000_000;

    private record Guest(IdleMachine machine, List<RestingVcpu> vcpus) {}

    private final int cpu;
    private final TaskQueue queue;
    private final IdleEvents events;
    private final long maxStepNanos;
    private final Supplier<BitSet> housekeepingCpus;
    private final boolean confirmed;
    private final IdleContext context;
    private final Thread thread;
    private volatile int threadId;
    private BitSet away = new BitSet();

    private final Object turn = new Object();
    private final List<Guest> guests = new ArrayList<>();
    private boolean inside;
    private int changesWanted;

    IdleWorker(int cpu, TaskQueue queue, IdleSettings settings, IdleEvents events, Supplier<BitSet> housekeepingCpus) {
        this.cpu = cpu;
        this.queue = queue;
        this.events = events;
        this.maxStepNanos = settings.maxStepNanos();
        this.housekeepingCpus = housekeepingCpus;
        this.confirmed = settings.policy() == IdlePolicy.CONFIRMED;
        String name = "idle-cpu" + cpu;
        this.context = new IdleContext(
                name,
                cpu,
                settings.policy(),
                events.eachStep() ? RECORDS : 0,
                settings.minStepNanos(),
                settings.maxStepNanos());
        this.thread = new Thread(null, this, name, STACK_BYTES);
        this.thread.setDaemon(true);
        this.thread.start();
    }

    /** Processor time it has used, in nanoseconds. */
    long cpuNanos() {
        int id = threadId;
        return id == 0 ? 0 : Math.max(0, NativeThread.cpuNanos(id));
    }

    /** What it found and did. */
    IdleCpu report() {
        return new IdleCpu(
                cpu,
                cpuNanos(),
                context.steps(),
                context.preempted(),
                context.awake(),
                context.ioFirst(),
                context.declined());
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
        synchronized (turn) {
            context.request();
            if (inside) {
                // It has to run for that, and somebody else may be awake on its CPU for long.
                NativeThread.setIdleClass(threadId, false);
            }
        }
    }

    /** Ends with its queue, which was closed. */
    void join() {
        interrupt();
        Uninterrupted.await(thread::join);
        context.close();
    }

    @Override
    public void run() {
        threadId = NativeThread.currentId();
        if (confirmed) {
            NativeThread.setNice(Housekeeper.NICE);
        }
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
        leaveTheGuestsCpus();
        enter();
        try {
            NativeTask nativeWork = work.task.nativeWork();
            IdleOutcome outcome = work.isCancelled()
                    ? IdleOutcome.REQUESTED
                    : nativeWork == null
                            ? stepInJava(work)
                            : context.run(nativeWork, work.account, batchNanos(work), patienceNanos(work));
            if (outcome == IdleOutcome.DONE && nativeWork != null) {
                outcome = work.task.nativeDone();
            }
            context.takeRecords(record -> events.happened(work, record));
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
        IdleOutcome rest = context.await(work.costNanos(maxStepNanos), batchNanos(work));
        if (rest != IdleOutcome.MORE) {
            return IdleOutcome.REQUESTED;
        }
        long beginNanos = System.nanoTime();
        IdleOutcome outcome;
        long nanos;
        try {
            outcome = work.task.step(maxStepNanos);
            nanos = System.nanoTime() - beginNanos;
        } finally {
            NativeThread.setAffinity(away);
        }
        work.recordStep(nanos, false);
        events.javaStep(work, beginNanos, nanos, cpu, outcome);
        return outcome;
    }

    private long batchNanos(Submission work) {
        long batch = queue.hasRival(work, this::isAtHome) ? SHORT_BATCH_NANOS : LONGEST_BATCH_NANOS;
        // Past its deadline a task is the housekeeper's as well.
        return work.deadlineNanos == Task.NEVER
                ? batch
                : Math.clamp(work.deadlineNanos - System.nanoTime(), SHORTEST_BATCH_NANOS, batch);
    }

    private static long patienceNanos(Submission work) {
        return work.machine.hasSeveralHomes() ? PATIENCE_NANOS : LONGEST_BATCH_NANOS;
    }

    private void leaveTheGuestsCpus() {
        BitSet cpus = housekeepingCpus.get();
        if (!cpus.equals(away)) {
            NativeThread.setAffinity(cpus);
            away = cpus;
        }
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
                    interrupt();
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
