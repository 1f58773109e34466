package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * How long a task's steps in the native core took, {@code struct lull_account} of {@code native/core/lullidle.h}. It is kept by the
 * thread that steps the task, and may be read by any.
 */
public final class StepAccount {
    private static final int BUCKETS_OF_A_POWER = 128;

    /** Told of steps that took about as long. */
    @FunctionalInterface
    public interface Taker {
        /** {@code count} steps took {@code nanos}, but for 1 % of it. */
        void steps(long nanos, long count);
    }

    final MemorySegment account = Arena.ofAuto().allocate(IdleLayout.Account.SIZE, 8);

    /** Steps. */
    public long steps() {
        return account.get(JAVA_LONG, IdleLayout.Account.STEPS);
    }

    /** Those of them during which a guest woke up. */
    public long preempted() {
        return account.get(JAVA_LONG, IdleLayout.Account.PREEMPTED);
    }

    /** What they took together, in nanoseconds; of one during which a guest woke up no more than a step may take. */
    public long workedNanos() {
        return account.get(JAVA_LONG, IdleLayout.Account.WORKED_NANOS);
    }

    /** Tells how long the steps took, from the shortest to the longest. */
    public void forEach(Taker taker) {
        for (int bucket = 0; bucket < IdleLayout.Constants.LULL_STEP_BUCKETS; bucket++) {
            long count = account.get(JAVA_LONG, IdleLayout.Account.BUCKETS + (long) bucket * Long.BYTES);
            if (count != 0) {
                taker.steps(nanos(bucket), count);
            }
        }
    }

    private static long nanos(int bucket) {
        int shift = Math.max(0, bucket / BUCKETS_OF_A_POWER - 1);
        return (long) (bucket - shift * BUCKETS_OF_A_POWER) << shift;
    }
}
