package dev.lull.agent.cli;

import dev.lull.agent.idle.IdleEvents;
import dev.lull.agent.idle.IdleLog;
import dev.lull.agent.idle.IdleMachine;
import dev.lull.agent.idle.IdleScheduler;
import dev.lull.agent.idle.IdleSettings;
import dev.lull.agent.idle.Submission;
import dev.lull.agent.idle.TaskKind;
import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.metrics.IdleTable;
import dev.lull.idle.IdleUnavailable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The idle time of the one machine of a {@code lull run}: each task again, some time after it was done. */
final class IdleSession implements AutoCloseable {
    private static final int AGAIN_AFTER_MILLIS = 10_000;

    private final IdleOptions options;
    private final Machine machine;
    private final @Nullable IdleLog log;
    private final IdleScheduler scheduler;
    private final IdleMachine watched;
    private final List<Submission> last = new ArrayList<>();
    private final Thread thread;

    private IdleSession(IdleOptions options, Machine machine, @Nullable IdleLog log) {
        this.options = options;
        this.machine = machine;
        this.log = log;
        this.scheduler = IdleScheduler.create(IdleSettings.DEFAULT, log == null ? IdleEvents.NONE : log);
        this.thread = Thread.ofPlatform().daemon().name("idle-tasks").unstarted(this::repeat);
        try {
            this.watched = scheduler.watch(machine);
            submit();
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
            return new IdleSession(options, machine, path == null ? null : IdleLog.create(path));
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
                for (Submission work : last) {
                    work.end().join();
                }
                Thread.sleep(AGAIN_AFTER_MILLIS);
                submit();
            }
        } catch (InterruptedException | IllegalStateException theMachineEnded) {
            Thread.currentThread().interrupt();
        }
    }

    private void submit() {
        synchronized (last) {
            last.clear();
            for (TaskKind work : options.work()) {
                last.add(watched.submit(work.on(machine.management(), options.files())));
            }
        }
    }
}
