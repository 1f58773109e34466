package dev.lull.paravirt.clock;

import java.math.BigInteger;

/**
 * Products of a difference of ticks and a fixed-point factor, in 128 bits. Differences are signed: a tick from just
 * before a base is a small negative one and not 2<sup>64</sup> less.
 */
final class Scaling {
    /** Bits of a forward factor, the highest of them set: what makes its error less than one part in 2<sup>62</sup>. */
    static final int FACTOR_BITS = 63;

    /** Of a pair of factors, forward and reverse, the shifts add up to this. */
    static final int SHIFT_SUM = 124;

    private Scaling() {}

    /** The shift with which {@code numerator / denominator} is a factor of so many bits. */
    static int shiftOf(BigInteger numerator, BigInteger denominator, int bits) {
        int shift = bits - 1 - (numerator.bitLength() - denominator.bitLength());
        return factorOf(numerator, denominator, shift).bitLength() < bits ? shift + 1 : shift;
    }

    /** {@code numerator / denominator}, in units of 2<sup>−shift</sup>, rounded down. */
    static BigInteger factorOf(BigInteger numerator, BigInteger denominator, int shift) {
        return numerator.shiftLeft(shift).divide(denominator);
    }

    /**
     * {@code delta × factor / 2^shift}, rounded down, modulo 2<sup>64</sup>.
     *
     * @param factor positive
     * @param shift 1–126
     */
    static long down(long delta, long factor, int shift) {
        return shifted(Math.multiplyHigh(delta, factor), delta * factor, shift);
    }

    /**
     * {@code delta × factor / 2^shift}, rounded up; the nearest {@code long} if it is none.
     *
     * @param factor positive
     * @param shift 1–126
     */
    static long up(long delta, long factor, int shift) {
        long high = Math.multiplyHigh(delta, factor);
        long low = delta * factor;
        // Up of x is down of x − 1 in the last place, and 1.
        high -= low == 0 ? 1 : 0;
        low -= 1;
        if (shift < Long.SIZE && signExtended(high, shift) != high) {
            return high < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
        long result = shifted(high, low, shift);
        return result == Long.MAX_VALUE ? result : result + 1;
    }

    private static long shifted(long high, long low, int shift) {
        return shift < Long.SIZE ? high << -shift | low >>> shift : high >> shift;
    }

    private static long signExtended(long value, int bits) {
        return value << -bits >> -bits;
    }
}
