package dev.lull.perf.idle;

import dev.lull.agent.idle.FingerprintTask;
import dev.lull.agent.idle.IdleEvents;
import dev.lull.agent.idle.IdleMachine;
import dev.lull.agent.idle.IdleScheduler;
import dev.lull.agent.idle.IdleSettings;
import dev.lull.agent.idle.Submission;
import dev.lull.agent.machine.Machine;
import dev.lull.device.loop.Uninterrupted;
import dev.lull.device.memory.GuestMemory;
import dev.lull.idle.Fingerprints;
import dev.lull.idle.IdlePolicy;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Work beside a guest, as a subject does it, until it is closed: fingerprints of the guest's pages, again and again. There is
 * always more of it. Preparing it is work for a CPU too, and the lab's instruction clock has but one: what a load lasts for there
 * is prepared before it begins, and only where that is gone through sooner does a thread prepare more meanwhile.
 */
final class Housework implements AutoCloseable {
    private static final int PREPARED = 16;
    private static final int FEW = 4;

    private final GuestMemory memory;
    private final IdleScheduler scheduler;
    private final IdleMachine watched;
    private final Deque<Submission> queued = new ArrayDeque<>();
    private final List<Fingerprints> passes = new ArrayList<>();
    private final Thread supplier = new Thread(this::supply, "supplier");
    private volatile @Nullable Throwable fault;
    private boolean failed;
    private boolean closed;

    /**
     * Begins.
     *
     * @throws dev.lull.idle.IdleUnavailable if this host does not tell when vCPUs rest
     */
    Housework(IdlePolicy policy, Machine machine) {
        memory = machine.management().memory();
        scheduler = IdleScheduler.create(IdleSettings.DEFAULT.with(policy), new IdleEvents() {
            @Override
            public void failed(Submission work, Throwable cause) {
                fault = cause;
            }
        });
        try {
            watched = scheduler.watch(machine);
            submit();
        } catch (RuntimeException e) {
            scheduler.close();
            throw e;
        }
        supplier.start();
    }

    private synchronized void submit() {
        while (queued.size() < PREPARED) {
            FingerprintTask task = new FingerprintTask(memory);
            passes.add(task.pages());
            queued.add(watched.submit(task));
        }
    }

    private void supply() {
        try {
            Submission next = oldest();
            while (next != null && next.end().join() == Submission.State.DONE) {
                supplyMore();
                next = oldest();
            }
        } finally {
            stopped();
        }
    }

    private synchronized @Nullable Submission oldest() {
        return queued.poll();
    }

    private synchronized void supplyMore() {
        if (!closed && queued.size() < FEW) {
            submit();
        }
    }

    /** By now there is no more work, for whatever reason. */
    private synchronized void stopped() {
        failed = !closed;
    }

    /** Processor time it has taken, and what it took to wait for its turn, in nanoseconds. */
    long nanos() {
        return scheduler.workerCpuNanos().values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /**
     * How much memory it has gone through.
     *
     * @throws IOException if it could not go on
     */
    synchronized long bytes() throws IOException {
        if (failed) {
            throw new IOException("the work beside the guest failed: " + fault, fault);
        }
        return passes.stream().mapToLong(Fingerprints::bytes).sum();
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        scheduler.close();
        Uninterrupted.await(supplier::join);
    }
}
