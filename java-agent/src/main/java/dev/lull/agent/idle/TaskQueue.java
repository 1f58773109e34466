package dev.lull.agent.idle;

import dev.lull.agent.idle.Submission.State;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All tasks of a scheduler that are not done. Whoever steps one takes it and gives it back, so that it is with one thread at a time;
 * between two batches another worker of the same machine may take it.
 */
final class TaskQueue {
    /** How long a worker whose guests would not rest leaves its task to the machine's other workers. */
    private static final long YIELD_NANOS = 5_000_000;

    private static final Comparator<Submission> ORDER = Comparator.<Submission>comparingInt(work -> -work.priority)
            .thenComparingLong(work -> work.deadlineNanos)
            .thenComparingInt(work -> work.id);

    private static final class Entry {
        final Submission work;
        long notBeforeNanos;

        @Nullable
        Object avoids;

        Entry(Submission work, long nowNanos) {
            this.work = work;
            this.notBeforeNanos = nowNanos;
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Entry> waiting = new ArrayList<>();
    private final List<Submission> taken = new ArrayList<>();
    private boolean closed;

    /** Puts a task in; whether it comes before one that somebody has taken. */
    boolean add(Submission work) {
        lock.lock();
        try {
            waiting.add(new Entry(work, System.nanoTime()));
            changed.signalAll();
            return taken.stream().anyMatch(other -> ORDER.compare(work, other) < 0);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes the first task that {@code fits}, waiting for one.
     *
     * @param taker who asks
     * @param overdue whether only those past their deadline are wanted
     * @return null if the queue was closed
     */
    @Nullable
    Submission take(Object taker, Predicate<Submission> fits, boolean overdue) {
        lock.lock();
        try {
            while (!closed) {
                long nowNanos = System.nanoTime();
                long nextNanos = Task.NEVER;
                Entry first = null;
                for (Entry entry : waiting) {
                    if (!fits.test(entry.work)) {
                        continue;
                    }
                    long readyNanos = readyNanos(entry, taker, overdue);
                    if (readyNanos == Task.NEVER) {
                        continue;
                    }
                    if (readyNanos - nowNanos > 0) {
                        nextNanos = Math.min(nextNanos, readyNanos - nowNanos);
                    } else if (first == null || ORDER.compare(entry.work, first.work) < 0) {
                        first = entry;
                    }
                }
                if (first != null) {
                    waiting.remove(first);
                    taken.add(first.work);
                    first.work.setState(State.RUNNING);
                    return first.work;
                }
                if (nextNanos == Task.NEVER) {
                    changed.await();
                } else {
                    changed.awaitNanos(nextNanos);
                }
            }
            return null;
        } catch (InterruptedException endOfTheProcess) {
            Thread.currentThread().interrupt();
            return null;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives back a task that was taken.
     *
     * @param state how it stands now; {@code DONE} and {@code ENDED} take it out of the queue
     * @param taker who gives it back
     * @param idled whether the taker did not come to step it: others have a try before the same does
     */
    void giveBack(Submission work, State state, Object taker, boolean idled) {
        lock.lock();
        try {
            taken.remove(work);
            work.setState(state);
            if (state != State.DONE && state != State.ENDED) {
                Entry entry = new Entry(work, System.nanoTime());
                if (state == State.BLOCKED) {
                    entry.notBeforeNanos += work.task.blockedNanos();
                } else if (idled) {
                    entry.notBeforeNanos += YIELD_NANOS;
                    entry.avoids = taker;
                }
                waiting.add(entry);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether a task that {@code fits} waits or is blocked and comes before {@code work}. */
    boolean hasRival(Submission work, Predicate<Submission> fits) {
        lock.lock();
        try {
            return waiting.stream().anyMatch(entry -> fits.test(entry.work) && ORDER.compare(entry.work, work) < 0);
        } finally {
            lock.unlock();
        }
    }

    /** Whether somebody has {@code work}. */
    boolean isTaken(Submission work) {
        lock.lock();
        try {
            return taken.contains(work);
        } finally {
            lock.unlock();
        }
    }

    /** Takes {@code work} out if nobody has it. */
    boolean remove(Submission work) {
        lock.lock();
        try {
            return waiting.removeIf(entry -> entry.work == work);
        } finally {
            lock.unlock();
        }
    }

    /** Waits until nobody has {@code work}. */
    void awaitGivenBack(Submission work) {
        lock.lock();
        try {
            while (taken.contains(work)) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Makes everybody look again, as when whose tasks fit has changed. */
    void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static long readyNanos(Entry entry, Object taker, boolean overdue) {
        if (overdue) {
            return entry.work.deadlineNanos == Task.NEVER
                    ? Task.NEVER
                    : Math.max(entry.work.deadlineNanos, entry.avoids == null ? entry.notBeforeNanos : 0);
        }
        return entry.avoids == null || entry.avoids.equals(taker) ? entry.notBeforeNanos : 0;
    }
}
