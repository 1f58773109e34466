package dev.lull.agent.control.vm;

import dev.lull.agent.control.dialect.IdleTask;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.idle.IdleMachine;
import dev.lull.agent.idle.IdleReport;
import dev.lull.agent.idle.Submission;
import dev.lull.agent.idle.Submission.State;
import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.Management;
import dev.lull.idle.IdleUnavailable;
import dev.lull.linux.Errno;
import dev.lull.linux.LinuxException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/** The idle time of one virtual machine from its start to its end: what is asked to be done there, and what became of it. */
public final class VmIdle {
    private static final int NOT_FOUND = 404;
    private static final long LONGEST_NANOS = 60_000_000_000L;
    private static final int DIGITS = 2;

    /** Of the tasks that are over, so many can be looked at; of those before the sums are kept. */
    private static final int KEPT = 16;

    private final Management management;
    private final IdleMachine machine;
    private final Consumer<String> warnings;
    private final RunQueueDelays delays;
    private final List<Submission> tasks = new ArrayList<>();
    private final Histogram forgottenSteps = new Histogram(LONGEST_NANOS, DIGITS);
    private long forgottenDone;
    private long forgottenAborted;

    VmIdle(Management management, IdleMachine machine, Consumer<String> warnings) {
        this.management = management;
        this.machine = machine;
        this.warnings = warnings;
        this.delays = new RunQueueDelays(management);
    }

    /**
     * How it stands.
     *
     * @param pins the host's CPU of each vCPU
     * @param tasks those that are not over, and the last that are
     * @param running tasks that are not over
     * @param done tasks that were done
     * @param aborted tasks that ended before they were done
     * @param stepNanos how long all steps took
     * @param runQueueDelayNanos see {@link RunQueueDelays}
     */
    public record View(
            List<Integer> pins,
            IdleReport report,
            List<Submission> tasks,
            long running,
            long done,
            long aborted,
            Histogram stepNanos,
            Histogram runQueueDelayNanos) {}

    /** How it stands now. */
    public synchronized View view() {
        Histogram steps = forgottenSteps.copy();
        tasks.forEach(task -> steps.add(task.stepNanos()));
        // Each task is asked once, or one that ends meanwhile would be counted twice or not at all.
        List<State> states = tasks.stream().map(Submission::state).toList();
        int done = Collections.frequency(states, State.DONE);
        int aborted = Collections.frequency(states, State.ENDED);
        return new View(
                management.pins(),
                machine.report(),
                List.copyOf(tasks),
                states.size() - done - aborted,
                forgottenDone + done,
                forgottenAborted + aborted,
                steps,
                delays.meanNanos());
    }

    /**
     * Begins a task.
     *
     * @throws RefusalException if it cannot be done
     */
    synchronized Submission start(IdleTask task) {
        try {
            Submission work =
                    machine.submit(task.kind().on(management, task.files()), task.priority(), task.deadlineNanos());
            tasks.add(work);
            forget();
            return work;
        } catch (ConfigException | IdleUnavailable | IllegalStateException e) {
            throw new RefusalException("Idle time error: " + e.getMessage());
        }
    }

    /**
     * Takes a task from the machine.
     *
     * @throws RefusalException if there is none {@code id}
     */
    synchronized void stop(int id) {
        for (Submission task : tasks) {
            if (task.id() == id) {
                task.cancel();
                return;
            }
        }
        throw new RefusalException(NOT_FOUND, "There is no idle task " + id + "; GET /idle has them.");
    }

    void failed(Submission work, Throwable fault) {
        boolean mayNotLeave = fault instanceof LinuxException linux && linux.errno() == Errno.EPERM;
        warnings.accept("idle task " + work.id() + " (" + work.task().name() + ") failed: "
                + (mayNotLeave
                        ? "the service may not change the scheduling class of its threads back; give it LimitNICE=+0"
                        : fault));
    }

    void sample() {
        delays.sample();
    }

    private void forget() {
        List<Submission> over = tasks.stream().filter(VmIdle::isOver).toList();
        for (Submission task : over.subList(0, Math.max(0, over.size() - KEPT))) {
            tasks.remove(task);
            forgottenSteps.add(task.stepNanos());
            if (task.state() == State.DONE) {
                forgottenDone++;
            } else {
                forgottenAborted++;
            }
        }
    }

    private static boolean isOver(Submission task) {
        return task.state() == State.DONE || task.state() == State.ENDED;
    }
}
