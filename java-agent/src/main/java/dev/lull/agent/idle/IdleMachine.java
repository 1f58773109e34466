package dev.lull.agent.idle;

import dev.lull.agent.idle.Submission.State;
import dev.lull.agent.machine.Management;
import dev.lull.idle.DeviceLoop;
import dev.lull.idle.RestingVcpu;
import dev.lull.kvm.VcpuStats;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A machine whose idle time a scheduler uses. Ends with the machine, or before. */
public final class IdleMachine implements AutoCloseable {
    /** What tasks have come to together. */
    private record Sums(long workedNanos, long steps, long preempted, long overdue) {
        Sums plus(Submission work) {
            return new Sums(
                    workedNanos + work.workedNanos(),
                    steps + work.steps(),
                    preempted + work.preempted(),
                    overdue + work.overdueSteps());
        }
    }

    private final IdleScheduler scheduler;
    private final Management management;
    private final TaskQueue queue;
    private final @Nullable DeviceLoop deviceLoop;
    private final Map<RestingVcpu, IdleWorker> workers = new LinkedHashMap<>();
    private final List<Submission> submissions = new ArrayList<>();
    private Sums ended = new Sums(0, 0, 0, 0);
    private final long watchedSinceNanos = System.nanoTime();
    private final long waitedBeforeNanos;
    private boolean closed;

    /** @param workers for each vCPU, of which the views are this object's from now on */
    IdleMachine(IdleScheduler scheduler, Management management, TaskQueue queue, Map<RestingVcpu, IdleWorker> workers) {
        this.scheduler = scheduler;
        this.management = management;
        this.queue = queue;
        this.deviceLoop = management.deviceLoop();
        this.workers.putAll(workers);
        this.waitedBeforeNanos = waitedNanos();
    }

    /** What the machine is called. */
    public String name() {
        return management.name();
    }

    /**
     * Gives a task to the scheduler, which closes it when it is done or the machine ends.
     *
     * @throws IllegalStateException if the machine has ended
     */
    public Submission submit(Task task) {
        return submit(task, task.priority(), task.deadlineNanos());
    }

    /**
     * As the other, on terms of the caller's.
     *
     * @param priority as {@link Task#priority}
     * @param deadlineNanos as {@link Task#deadlineNanos}
     */
    public synchronized Submission submit(Task task, int priority, long deadlineNanos) {
        if (closed) {
            task.close();
            throw new IllegalStateException(name() + " has ended");
        }
        Submission work =
                new Submission(this, task, scheduler.nextTaskId(), priority, deadlineNanos, System.nanoTime());
        if (task.nativeWork() != null) {
            task.nativeWork().setId(work.id);
        }
        submissions.add(work);
        if (queue.add(work)) {
            workers.values().forEach(IdleWorker::interrupt);
        }
        return work;
    }

    /** How the machine's idle time was used so far. */
    public synchronized IdleReport report() {
        Sums all = ended;
        for (Submission work : submissions) {
            all = all.plus(work);
        }
        long elapsed = System.nanoTime() - watchedSinceNanos;
        return new IdleReport(
                name(),
                elapsed * workers.size(),
                closed ? 0 : waitedNanos() - waitedBeforeNanos,
                all.workedNanos,
                all.steps,
                all.preempted,
                all.overdue);
    }

    /** Takes the machine's tasks back, done or not, and waits until no worker touches the machine. */
    @Override
    public void close() {
        List<Submission> all;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            all = List.copyOf(submissions);
        }
        all.forEach(Submission::cancel);
        for (Submission work : all) {
            queue.awaitGivenBack(work);
            if (queue.remove(work)) {
                settle(work, State.ENDED);
            }
            // Or the worker that had it has taken it out, and is closing it.
            work.end.join();
        }
        workers.values().stream().distinct().forEach(worker -> worker.remove(this));
        scheduler.forget(this);
    }

    @Nullable
    DeviceLoop deviceLoop() {
        return deviceLoop;
    }

    boolean hasSeveralHomes() {
        return workers.values().stream().distinct().count() > 1;
    }

    long maxStepNanos() {
        return scheduler.settings().maxStepNanos();
    }

    /** Of a task that was given back: what follows from its being over. */
    void settle(Submission work, State state) {
        if (state == State.DONE || state == State.ENDED) {
            work.finish(state);
        } else if (work.isCancelled()) {
            dropCancelled(work);
        }
    }

    /** A task is over: of it the sums are kept, as a machine may run for years. */
    synchronized void retire(Submission work) {
        if (submissions.remove(work)) {
            ended = ended.plus(work);
        }
    }

    void dropCancelled(Submission work) {
        if (queue.remove(work)) {
            work.finish(State.ENDED);
        } else if (queue.isTaken(work)) {
            workers.values().forEach(IdleWorker::interrupt);
        }
    }

    private long waitedNanos() {
        long nanos = 0;
        for (RestingVcpu vcpu : workers.keySet()) {
            nanos += vcpu.stats().read(VcpuStats.HALT_WAIT_NANOS);
        }
        return nanos;
    }
}
