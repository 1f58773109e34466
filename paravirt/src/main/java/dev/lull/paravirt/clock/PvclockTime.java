package dev.lull.paravirt.clock;

import java.math.BigInteger;

/**
 * A {@link VirtualCounter} as nanoseconds, in the form of {@code struct pvclock_vcpu_time_info}: a guest computes
 * {@code nanos + ((ticks − hostBase) · 2^shift · multiplier >> 32)}, the shift first and by its own rounding, as {@link
 * #nanosAt} does.
 *
 * <p>The multiplier has 32 bits, the highest set, and is rounded down: nanoseconds are slow by less than one part in
 * 2<sup>31</sup>, 0.5 µs in 1000 s, beside the counter's own error.
 *
 * @param hostBase a tick of the host
 * @param nanos the time at that tick
 * @param multiplier unsigned
 * @param shift to the left if positive, to the right if negative; −31 to 31
 */
record PvclockTime(long hostBase, long nanos, int multiplier, int shift) {
    private static final BigInteger SECOND_NANOS = BigInteger.valueOf(1_000_000_000);
    private static final int MULTIPLIER_BITS = 32;

    /** The time {@code counter} tells, from its base on, where it is {@code nanos}. */
    static PvclockTime of(VirtualCounter counter, long nanos) {
        // Of a tick in nanoseconds: forward / 2^forwardShift / nominal * 10^9.
        BigInteger numerator = BigInteger.valueOf(counter.forward()).multiply(SECOND_NANOS);
        BigInteger denominator = BigInteger.valueOf(counter.nominalHz()).shiftLeft(counter.forwardShift());
        int fraction = Scaling.shiftOf(numerator, denominator, MULTIPLIER_BITS);
        int multiplier = Scaling.factorOf(numerator, denominator, fraction).intValue();
        return new PvclockTime(counter.hostBase(), nanos, multiplier, MULTIPLIER_BITS - fraction);
    }

    /** The time at a tick of the host that is not before the base. */
    long nanosAt(long hostTicks) {
        long delta = hostTicks - hostBase;
        long shifted = shift < 0 ? delta >>> -shift : delta << shift;
        long factor = Integer.toUnsignedLong(multiplier);
        long high = Math.unsignedMultiplyHigh(shifted, factor);
        return nanos + ((high << MULTIPLIER_BITS) | ((shifted * factor) >>> MULTIPLIER_BITS));
    }
}
