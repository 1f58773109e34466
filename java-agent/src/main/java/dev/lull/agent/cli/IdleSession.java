package dev.lull.agent.cli;

import dev.lull.agent.idle.IdleEvents;
import dev.lull.agent.idle.IdleLog;
import dev.lull.agent.idle.IdleMachine;
import dev.lull.agent.idle.IdleScheduler;
import dev.lull.agent.idle.IdleSettings;
import dev.lull.agent.idle.PreCopyTask;
import dev.lull.agent.idle.Submission;
import dev.lull.agent.idle.TaskKind;
import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineException;
import dev.lull.agent.metrics.IdleTable;
import dev.lull.idle.IdleOutcome;
import dev.lull.idle.IdleRecord;
import dev.lull.idle.IdleUnavailable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The idle time of the one machine of a {@code lull run}: each task again, some time after it was done; one that failed not. */
final class IdleSession implements AutoCloseable {
    private static final int AGAIN_EVERY_MILLIS = 10_000;

    private final IdleOptions options;
    private final Machine machine;
    private final @Nullable IdleLog log;
    private final IdleScheduler scheduler;
    private final IdleMachine watched;
    private final List<Submission> last = new ArrayList<>();
    private final Thread thread;

    private IdleSession(IdleOptions options, Machine machine, @Nullable IdleLog log, Stdio stdio) {
        this.options = options;
        this.machine = machine;
        this.log = log;
        this.scheduler = IdleScheduler.create(
                IdleSettings.DEFAULT, new FailuresTold(log == null ? IdleEvents.NONE : log, stdio));
        this.thread = Thread.ofPlatform().daemon().name("idle-tasks").unstarted(this::repeat);
        try {
            this.watched = scheduler.watch(machine);
            for (TaskKind work : options.work()) {
                last.add(submit(work));
            }
        } catch (IdleUnavailable e) {
            close();
            throw new ConfigException("--idle: " + e.getMessage());
        } catch (ConfigException e) {
            close();
            throw e;
        }
    }

    /**
     * Makes ready to use the idle time of {@code machine}.
     *
     * @throws ConfigException if that cannot be, or the log cannot be written
     */
    static IdleSession open(IdleOptions options, Machine machine, Stdio stdio) {
        Path path = options.log();
        try {
            return new IdleSession(options, machine, path == null ? null : IdleLog.create(path), stdio);
        } catch (IOException e) {
            throw new ConfigException("--idle-log " + path + ": cannot be written (" + e.getMessage() + ")");
        }
    }

    /** Has the tasks come again, from now on. */
    void start() {
        thread.start();
    }

    /** How the idle time was used, for a person. */
    String table() {
        synchronized (last) {
            return IdleTable.of(watched.report(), last);
        }
    }

    /**
     * The guest has ended: what is kept of it is completed.
     *
     * @throws dev.lull.agent.machine.MachineException if it cannot be
     * @throws InterruptedException if the calling thread is interrupted while it waits
     */
    void finish() throws InterruptedException {
        synchronized (last) {
            for (Submission work : last) {
                if (work.task() instanceof PreCopyTask copy && !work.end().isDone()) {
                    copy.finish(machine, false);
                }
            }
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        scheduler.close();
        if (log != null) {
            log.close();
        }
    }

    private void repeat() {
        try {
            while (true) {
                Thread.sleep(AGAIN_EVERY_MILLIS);
                synchronized (last) {
                    for (int i = 0; i < last.size(); i++) {
                        if (last.get(i).state() == Submission.State.DONE) {
                            last.set(i, submit(options.work().get(i)));
                        }
                    }
                }
            }
        } catch (InterruptedException | IllegalStateException theMachineEnded) {
            Thread.currentThread().interrupt();
        }
    }

    private Submission submit(TaskKind work) {
        return watched.submit(work.on(machine.management(), options.files()));
    }

    /** Tells of tasks that failed, in a line each. */
    private record FailuresTold(IdleEvents events, Stdio stdio) implements IdleEvents {
        @Override
        public boolean eachStep() {
            return events.eachStep();
        }

        @Override
        public void happened(Submission work, IdleRecord record) {
            events.happened(work, record);
        }

        @Override
        public void javaStep(Submission work, long beginNanos, long nanos, int cpu, IdleOutcome outcome) {
            events.javaStep(work, beginNanos, nanos, cpu, outcome);
        }

        @Override
        public void overdueStep(Submission work, long beginNanos, long nanos) {
            events.overdueStep(work, beginNanos, nanos);
        }

        @Override
        public void failed(Submission work, Throwable fault) {
            String message = fault instanceof MachineException ? fault.getMessage() : fault.toString();
            stdio.err()
                    .println("lull: --idle "
                            .concat(work.task().name())
                            .concat(": ")
                            .concat(String.valueOf(message)));
        }
    }
}
