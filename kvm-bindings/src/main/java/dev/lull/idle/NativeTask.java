package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lull.linux.Mapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Work of which the native core does a step at a time, {@code struct lull_task} of {@code native/core/lullidle.h}. What it has
 * done may be read by any thread; it is stepped by one at a time.
 */
public abstract class NativeTask implements AutoCloseable {
    /** What is at least as large is given back at once; to give back less, the JVM may take its time. */
    private static final long LARGE_BYTES = 64 << 10;

    /** Its structure; what it counts may be read after its end. */
    final MemorySegment task;

    private final Arena small = Arena.ofAuto();
    private final List<Mapping> large = new ArrayList<>();

    /**
     * Work that {@code stepFunction} of the native core does.
     *
     * @param sizeBytes of its structure, which begins with {@code struct lull_task}
     * @throws IdleUnavailable if there is no native core
     */
    NativeTask(String stepFunction, long sizeBytes) {
        task = small.allocate(sizeBytes, 8);
        task.set(JAVA_LONG, IdleLayout.Task.STEP, IdleCore.address(stepFunction));
    }

    /** Memory of the task's own, zero, which goes with it. All of it is there now, so that no step has to wait for it. */
    final MemorySegment allocate(long bytes) {
        if (bytes < LARGE_BYTES) {
            return small.allocate(bytes, Long.BYTES);
        }
        Mapping mapping = Mapping.anonymous(bytes);
        large.add(mapping);
        return mapping.segment().fill((byte) 0);
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
        large.forEach(Mapping::close);
    }
}
