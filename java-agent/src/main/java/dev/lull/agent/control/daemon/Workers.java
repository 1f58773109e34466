package dev.lull.agent.control.daemon;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads for what waits: as many as wait at a time, and none for long when nothing does. */
public final class Workers {
    private static final int MAX_THREADS = 512;
    private static final long KEEP_SECONDS = 5;
    private static final long STACK_BYTES = 512 << 10;

    private Workers() {}

    /** A pool of them; their names begin with {@code name}. They keep no process alive. */
    public static ExecutorService pool(String name) {
        AtomicInteger count = new AtomicInteger();
        return new ThreadPoolExecutor(
                0, MAX_THREADS, KEEP_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                    Thread thread = new Thread(null, task, name + "-" + count.incrementAndGet(), STACK_BYTES);
                    thread.setDaemon(true);
                    return thread;
                });
    }
}
