package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Work of which the native core does a step at a time, {@code struct lull_task} of {@code native/core/lullidle.h}. What it has
 * done may be read by any thread; it is stepped by one at a time.
 */
public abstract class NativeTask implements AutoCloseable {
    /** Memory of the task's own, which goes with it. */
    final Arena arena = Arena.ofShared();

    /** Its structure; what it counts may be read after its end. */
    final MemorySegment task;

    /**
     * Work that {@code stepFunction} of the native core does.
     *
     * @param sizeBytes of its structure, which begins with {@code struct lull_task}
     * @throws IdleUnavailable if there is no native core
     */
    NativeTask(String stepFunction, long sizeBytes) {
        task = Arena.ofAuto().allocate(sizeBytes, 8);
        task.set(JAVA_LONG, IdleLayout.Task.STEP, IdleCore.address(stepFunction));
    }

    /** What it is called in the worker's records, 0–65535. */
    public final void setId(int id) {
        task.set(JAVA_INT, IdleLayout.Task.ID, id);
    }

    /** Parts of the work done: pages. */
    public final long units() {
        return task.get(JAVA_LONG, IdleLayout.Task.UNITS);
    }

    /** Bytes gone through. */
    public final long bytes() {
        return task.get(JAVA_LONG, IdleLayout.Task.BYTES);
    }

    /**
     * Does a step where the caller is, in no idle time of anybody's.
     *
     * @param budgetNanos how long it may take
     */
    public final IdleOutcome step(long budgetNanos) {
        return IdleCore.step(this, budgetNanos);
    }

    /** Gives back its memory; no worker has it any more. */
    @Override
    public void close() {
        arena.close();
    }
}
