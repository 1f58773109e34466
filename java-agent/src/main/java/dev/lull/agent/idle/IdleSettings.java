package dev.lull.agent.idle;

import dev.lull.idle.IdlePolicy;
import java.util.BitSet;

/**
 * How a scheduler uses idle time.
 *
 * @param policy {@link IdlePolicy#CONFIRMED}, or another to compare it with
 * @param minStepNanos no step is begun for less
 * @param maxStepNanos no step is longer, but by the smallest part of its task; 1 µs to 1 ms, or more where processors are emulated
 * @param housekeepingCpus where tasks run that are past their deadline; empty for the CPUs that are no vCPU's home, or all if
 *     there are none
 */
public record IdleSettings(IdlePolicy policy, long minStepNanos, long maxStepNanos, BitSet housekeepingCpus) {
    /** Steps of 50 µs at the most, confirmed. */
    public static final IdleSettings DEFAULT = new IdleSettings(IdlePolicy.CONFIRMED, 5_000, 50_000, new BitSet());

    /** The same with another policy. */
    public IdleSettings with(IdlePolicy other) {
        return new IdleSettings(other, minStepNanos, maxStepNanos, housekeepingCpus);
    }
}
