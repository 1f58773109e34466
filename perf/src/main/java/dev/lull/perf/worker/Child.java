package dev.lull.perf.worker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A process that is ended when it is silent too long, when it is closed, and when this one ends. Between its outputs this
 * JVM's threads are all blocked: a subject has the processor for itself.
 */
public final class Child implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Process process;
    private final Duration limit;
    private final Thread atExit;
    private final ScheduledThreadPoolExecutor alarm = new ScheduledThreadPoolExecutor(1);
    private ScheduledFuture<?> pending;
    private volatile boolean expired;

    /** @param limit the longest time from now, and from each {@link #postpone}, to its end */
    public Child(ProcessBuilder builder, Duration limit) throws IOException {
        this.limit = limit;
        alarm.setRemoveOnCancelPolicy(true);
        process = builder.start();
        atExit = new Thread(process::destroy);
        Runtime.getRuntime().addShutdownHook(atExit);
        pending = schedule();
    }

    private ScheduledFuture<?> schedule() {
        return alarm.schedule(
                () -> {
                    expired = true;
                    end();
                },
                limit.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** Its standard input. */
    public OutputStream input() {
        return process.getOutputStream();
    }

    /** Its standard output. */
    public InputStream output() {
        return process.getInputStream();
    }

    /** Begins the time limit anew. */
    public void postpone() {
        pending.cancel(false);
        pending = schedule();
    }

    /** Whether it was ended because its time ran out. */
    public boolean expired() {
        return expired;
    }

    /** Waits for its end; its exit status. */
    public int await() throws InterruptedException {
        return process.waitFor();
    }

    private void end() {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        alarm.shutdownNow();
        end();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException exiting) {
            // This process ends, and the hook ends the child.
        }
    }
}
