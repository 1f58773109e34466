package dev.lull.agent.machine;

import dev.lull.paravirt.clock.VirtualCounter;

/**
 * A guest's counter of its own frequency, by which Lull keeps its clock.
 *
 * @param nominalHz the counter's frequency
 * @param dilation how many seconds a second of the guest's lasts: 1, but for tests
 */
public record ScaledCounterConfig(long nominalHz, double dilation) {
    /** The frequency unless another is asked for: a tick is a nanosecond. */
    public static final long DEFAULT_HZ = 1_000_000_000;

    /** The least dilation: a guest that is ten times as fast. */
    public static final double MIN_DILATION = 0.1;

    /** The largest dilation: a guest that is ten times as slow. */
    public static final double MAX_DILATION = 10;

    /** @throws ConfigException if a number is out of its bounds */
    public ScaledCounterConfig {
        if (nominalHz < VirtualCounter.MIN_HZ || nominalHz > VirtualCounter.MAX_HZ) {
            throw new ConfigException("a counter of " + nominalHz + " Hz: it has from " + VirtualCounter.MIN_HZ + " to "
                    + VirtualCounter.MAX_HZ);
        }
        checkDilation(dilation);
    }

    static void checkDilation(double dilation) {
        if (!(dilation >= MIN_DILATION && dilation <= MAX_DILATION)) {
            throw new ConfigException(
                    "a dilation of " + dilation + ": give from " + MIN_DILATION + " to " + MAX_DILATION);
        }
    }
}
