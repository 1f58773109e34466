package dev.lull.paravirt.clock;

import java.math.BigInteger;

/**
 * A counter of a fixed nominal frequency, made of the host's counter by a factor, and the way back. Immutable: when the
 * host's counter changes its frequency, or another host's takes its place, {@link #rescaled} or {@link #continued}
 * gives the next.
 *
 * <p>With <i>h</i> ticks of the host since its base, <i>N</i> the nominal and <i>H</i> the host's frequency, the
 * counter has gone on by ⌊<i>h</i>·<i>m</i> / 2<sup>s</sup>⌋, where <i>m</i> = ⌊<i>N</i>·2<sup>s</sup> / <i>H</i>⌋ has
 * its bit 62 set and none above.
 *
 * <p>Error. 0 ≤ <i>N</i>/<i>H</i> − <i>m</i>/2<sup>s</sup> &lt; 2<sup>−s</sup>, and 2<sup>−s</sup> ≤
 * (<i>N</i>/<i>H</i>) · 2<sup>−62</sup>, since <i>m</i> ≥ 2<sup>62</sup>. So for <i>h</i> ≥ 0 the counter is behind
 * <i>hN</i>/<i>H</i> by less than 1 + (<i>hN</i>/<i>H</i>)·2<sup>−62</sup>: by less than two ticks for the first
 * 2<sup>62</sup> of them, which at 4 GHz are 36 years. For <i>h</i> &lt; 0 it is behind by less than 1 and ahead by at
 * most |<i>hN</i>/<i>H</i>|·2<sup>−62</sup>. Each {@link #rescaled} loses less than one tick besides. The counter never
 * goes back: both roundings keep the order.
 *
 * <p>The way back, for timers, is of the factor in use and not of the frequencies: <i>r</i> =
 * ⌈2<sup>124</sup>/<i>m</i>⌉, with the shift 124 − <i>s</i>. For <i>c</i> ticks of the counter, the host tick at which
 * they are reached is ⌈<i>x</i>⌉ with <i>x</i> = <i>c</i>·2<sup>s</sup>/<i>m</i>, exactly: ⌊<i>hm</i>/2<sup>s</sup>⌋ ≥
 * <i>c</i> if and only if <i>h</i> ≥ <i>x</i>. Since 2<sup>61</sup> &lt; <i>r</i>, it is too large by less than one
 * part in 2<sup>61</sup>. So for <i>c</i> ≥ 0 the product with <i>r</i>, rounded up, is never less than ⌈<i>x</i>⌉, and
 * more by at most 1 + <i>x</i>·2<sup>−61</sup>: one tick for <i>x</i> &lt; 2<sup>61</sup>, four at the most. For
 * <i>c</i> &lt; 0 the same holds with <i>r</i> − 1, which is not too large. A timer is never early, and late by a host
 * tick.
 *
 * <p>All ticks are modulo 2<sup>64</sup>, and a host tick is before the base if it is by less than 2<sup>63</sup>.
 *
 * @param hostBase a tick of the host
 * @param guestBase the counter at that tick
 * @param forward <i>m</i>
 * @param forwardShift <i>s</i>, 31–94
 * @param reverse <i>r</i>; its shift is 124 − <i>s</i>
 * @param nominalHz <i>N</i>
 */
public record VirtualCounter(
        long hostBase, long guestBase, long forward, int forwardShift, long reverse, long nominalHz) {
    /** The least frequency, nominal or of a host, in hertz. */
    public static final long MIN_HZ = 1_000;

    /** The largest frequency, nominal or of a host, in hertz. */
    public static final long MAX_HZ = 1_000_000_000_000L;

    /**
     * A counter that begins.
     *
     * @param hostNow a tick of the host
     * @param counter what it is at that tick
     * @param hostHz the frequency of the host's counter
     * @param nominalHz its own
     * @throws IllegalArgumentException if a frequency is not of {@link #MIN_HZ} to {@link #MAX_HZ}
     */
    public static VirtualCounter startingAt(long hostNow, long counter, long hostHz, long nominalHz) {
        BigInteger host = checked(hostHz);
        BigInteger nominal = checked(nominalHz);
        int shift = Scaling.shiftOf(nominal, host, Scaling.FACTOR_BITS);
        BigInteger forward = Scaling.factorOf(nominal, host, shift);
        BigInteger reverse = BigInteger.ONE
                .shiftLeft(Scaling.SHIFT_SUM)
                .add(forward)
                .subtract(BigInteger.ONE)
                .divide(forward);
        return new VirtualCounter(
                hostNow, counter, forward.longValueExact(), shift, reverse.longValueExact(), nominalHz);
    }

    /** The counter at a tick of the host, rounded down. Allocates nothing. */
    public long counterAt(long hostTicks) {
        return counterAt(hostTicks, hostBase, guestBase, forward, forwardShift);
    }

    /**
     * The tick of the host at which a timer set to {@code counter} is to fire: never before the counter is there. Where
     * that is more than 2<sup>63</sup> ticks off the base, the farthest tick on that side. Allocates nothing.
     */
    public long hostTicksAt(long counter) {
        return hostTicksAt(counter, hostBase, guestBase, reverse, forwardShift);
    }

    /**
     * The counter from {@code hostNow} on, if the host's frequency is another from then on. At {@code hostNow} both are
     * the same.
     *
     * @throws IllegalArgumentException if the frequency is not of {@link #MIN_HZ} to {@link #MAX_HZ}
     */
    public VirtualCounter rescaled(long hostNow, long newHostHz) {
        return continued(counterAt(hostNow), hostNow, newHostHz);
    }

    /**
     * The counter on another host, whose ticks have nothing to do with this one's.
     *
     * @param counter where it stood when it left, or how far it is to have come meanwhile
     * @param hostNow the other host's tick at which it goes on
     * @throws IllegalArgumentException if the frequency is not of {@link #MIN_HZ} to {@link #MAX_HZ}
     */
    public VirtualCounter continued(long counter, long hostNow, long hostHz) {
        return startingAt(hostNow, counter, hostHz, nominalHz);
    }

    static long counterAt(long hostTicks, long hostBase, long guestBase, long forward, int forwardShift) {
        return guestBase + Scaling.down(hostTicks - hostBase, forward, forwardShift);
    }

    static long hostTicksAt(long counter, long hostBase, long guestBase, long reverse, int forwardShift) {
        long delta = counter - guestBase;
        long factor = reverse + (delta >> (Long.SIZE - 1));
        return hostBase + Scaling.up(delta, factor, Scaling.SHIFT_SUM - forwardShift);
    }

    static void checkHz(long hertz) {
        if (hertz < MIN_HZ || hertz > MAX_HZ) {
            throw new IllegalArgumentException("a counter of " + hertz + " Hz: from " + MIN_HZ + " to " + MAX_HZ);
        }
    }

    private static BigInteger checked(long hertz) {
        checkHz(hertz);
        return BigInteger.valueOf(hertz);
    }
}
