package dev.lull.paravirt.clock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The counter against the same arithmetic in numbers without bounds. */
class VirtualCounterTest {
    private static final int RANDOM_CASES = Integer.getInteger("lull.fuzz.iterations", 200_000);
    private static final long GIGA = 1_000_000_000L;
    private static final long[] FREQUENCIES = {
        VirtualCounter.MIN_HZ,
        VirtualCounter.MIN_HZ + 1,
        1 << 20,
        (1 << 20) - 1,
        24_000_000,
        370_000_000,
        GIGA,
        GIGA + 1,
        2_300_000_000L,
        1L << 32,
        (1L << 32) + 1,
        (1L << 39) - 1,
        VirtualCounter.MAX_HZ - 1,
        VirtualCounter.MAX_HZ
    };
    private static final BigInteger WRAP = BigInteger.ONE.shiftLeft(64);
    private static final BigInteger MIN = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigInteger MAX = BigInteger.valueOf(Long.MAX_VALUE);

    @Test
    void everyEdgeOfTheTicksAtEveryEdgeOfTheFrequencies() {
        for (long hostHz : FREQUENCIES) {
            for (long nominalHz : FREQUENCIES) {
                VirtualCounter counter = VirtualCounter.startingAt(7, -5, hostHz, nominalHz);
                checkFactors(counter, hostHz);
                for (long delta : edges()) {
                    checkForward(counter, delta, hostHz);
                    checkReverse(counter, delta);
                }
            }
        }
    }

    @Test
    void everyTickAroundTheBaseAndAroundTheEndsOfTheRange() {
        for (long hostHz : FREQUENCIES) {
            VirtualCounter counter = VirtualCounter.startingAt(Long.MAX_VALUE - 3, -2, hostHz, GIGA);
            for (long middle : new long[] {0, Long.MAX_VALUE, 1L << 61, -(1L << 61)}) {
                for (long off = -500; off <= 500; off++) {
                    checkForward(counter, middle + off, hostHz);
                    checkReverse(counter, middle + off);
                }
            }
        }
    }

    @Test
    void anyTickAtAnyFrequency() {
        SplittableRandom random = new SplittableRandom(20261128);
        for (int i = 0; i < RANDOM_CASES; i++) {
            long hostHz = frequency(random);
            VirtualCounter counter =
                    VirtualCounter.startingAt(random.nextLong(), random.nextLong(), hostHz, frequency(random));
            checkFactors(counter, hostHz);
            long delta = random.nextLong() >> random.nextInt(64);
            checkForward(counter, delta, hostHz);
            checkReverse(counter, delta);
        }
    }

    @Test
    void aLaterTickIsNeverAnEarlierCount() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < RANDOM_CASES; i++) {
            // No faster than the host, so that no difference wraps.
            long hostHz = random.nextLong(GIGA, VirtualCounter.MAX_HZ);
            VirtualCounter counter = VirtualCounter.startingAt(random.nextLong(), random.nextLong(), hostHz, GIGA);
            long earlier = random.nextLong() >> (1 + random.nextInt(63));
            long step = random.nextLong() >>> (2 + random.nextInt(62));
            long from = counter.counterAt(counter.hostBase() + earlier);
            long to = counter.counterAt(counter.hostBase() + earlier + step);
            assertThat(to - from).as("%s from %d by %d", counter, earlier, step).isBetween(0L, step);
        }
    }

    @Test
    void theNextFactorsGoOnWhereTheLastOnesEnd() {
        SplittableRandom random = new SplittableRandom(2);
        long now = random.nextLong();
        VirtualCounter counter = VirtualCounter.startingAt(now, 0, 2_300_000_000L, GIGA);
        long seconds = 0;
        for (int changes = 0; changes < 1000; changes++) {
            long hostHz = frequency(random);
            VirtualCounter next = counter.rescaled(now, hostHz);
            assertThat(next.counterAt(now)).isEqualTo(counter.counterAt(now));
            assertThat(next.nominalHz()).isEqualTo(GIGA);
            long ranSeconds = random.nextLong(1, 1000);
            now += ranSeconds * hostHz;
            seconds += ranSeconds;
            counter = next;
            // Each change loses less than a tick.
            assertThat(seconds * GIGA - counter.counterAt(now)).isBetween(0L, changes + 1L);
        }
    }

    @Test
    void onAnotherHostTheCounterGoesOnThoughItsTicksAreOthers() {
        VirtualCounter here = VirtualCounter.startingAt(5_000, 0, 2_000_000_000L, GIGA);
        long left = here.counterAt(5_000 + 2_000_000_000L);
        VirtualCounter there = here.continued(left + 300, -77, 3_500_000_000L);
        assertThat(left).isEqualTo(GIGA);
        assertThat(there.counterAt(-77)).isEqualTo(GIGA + 300);
        assertThat(there.counterAt(-77 + 3_500_000_000L)).isBetween(2 * GIGA + 299, 2 * GIGA + 300);
    }

    @Test
    void frequenciesOutOfBoundsAreRefused() {
        for (long hertz : new long[] {0, -1, Long.MIN_VALUE, VirtualCounter.MIN_HZ - 1, VirtualCounter.MAX_HZ + 1}) {
            assertThatThrownBy(() -> VirtualCounter.startingAt(0, 0, hertz, GIGA))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a counter of " + hertz + " Hz: from 1000 to 1000000000000");
            assertThatThrownBy(() -> VirtualCounter.startingAt(0, 0, GIGA, hertz))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static void checkFactors(VirtualCounter counter, long hostHz) {
        BigInteger exact = BigInteger.valueOf(counter.nominalHz())
                .shiftLeft(counter.forwardShift())
                .divide(BigInteger.valueOf(hostHz));
        assertThat(BigInteger.valueOf(counter.forward())).isEqualTo(exact);
        assertThat(counter.forward()).isGreaterThanOrEqualTo(1L << 62);
        assertThat(counter.forwardShift()).isBetween(31, 94);
        assertThat(counter.reverse()).isBetween((1L << 61) + 1, 1L << 62);
    }

    /** The count is the formula's, and as near to the frequencies' own ratio as is promised. */
    private static void checkForward(VirtualCounter counter, long delta, long hostHz) {
        BigInteger ticks = BigInteger.valueOf(delta);
        BigInteger gone = ticks.multiply(BigInteger.valueOf(counter.forward())).shiftRight(counter.forwardShift());
        long got = counter.counterAt(counter.hostBase() + delta);
        assertThat(got)
                .as("%s at %d", counter, delta)
                .isEqualTo(BigInteger.valueOf(counter.guestBase()).add(gone).longValue());
        // behind = ticks * nominal / host - gone, in units of 1 / host
        BigInteger host = BigInteger.valueOf(hostHz);
        BigInteger exact = ticks.multiply(BigInteger.valueOf(counter.nominalHz()));
        BigInteger behind = exact.subtract(gone.multiply(host));
        BigInteger error = exact.abs().shiftRight(62).add(BigInteger.ONE);
        assertThat(behind).isLessThanOrEqualTo(delta >= 0 ? host.add(error) : host);
        assertThat(behind).isGreaterThanOrEqualTo(delta >= 0 ? BigInteger.ZERO : error.negate());
    }

    /** A timer is never early by the counter's own account, and late by no more than is promised. */
    private static void checkReverse(VirtualCounter counter, long count) {
        BigInteger scaled = BigInteger.valueOf(count).shiftLeft(counter.forwardShift());
        BigInteger first = ceilDivide(scaled, BigInteger.valueOf(counter.forward()));
        BigInteger last = first.add(BigInteger.ONE).add(first.abs().shiftRight(61));
        long got = counter.hostTicksAt(counter.guestBase() + count) - counter.hostBase();
        assertThat(BigInteger.valueOf(got)).as("%s for %d", counter, count).isBetween(clamp(first), clamp(last));
        if (first.compareTo(MAX) <= 0 && first.compareTo(MIN) >= 0) {
            BigInteger there = BigInteger.valueOf(got)
                    .multiply(BigInteger.valueOf(counter.forward()))
                    .shiftRight(counter.forwardShift());
            assertThat(there).isGreaterThanOrEqualTo(BigInteger.valueOf(count));
            assertThat(BigInteger.valueOf(counter.counterAt(counter.hostBase() + got))
                            .mod(WRAP))
                    .isEqualTo(
                            there.add(BigInteger.valueOf(counter.guestBase())).mod(WRAP));
        }
    }

    private static BigInteger ceilDivide(BigInteger dividend, BigInteger divisor) {
        BigInteger[] parts = dividend.divideAndRemainder(divisor);
        return parts[1].signum() > 0 ? parts[0].add(BigInteger.ONE) : parts[0];
    }

    private static BigInteger clamp(BigInteger ticks) {
        return ticks.max(MIN).min(MAX);
    }

    /** Spread evenly over orders of magnitude. */
    private static long frequency(SplittableRandom random) {
        double exponent = random.nextDouble(Math.log(VirtualCounter.MIN_HZ), Math.log(VirtualCounter.MAX_HZ));
        return Math.clamp((long) Math.exp(exponent), VirtualCounter.MIN_HZ, VirtualCounter.MAX_HZ);
    }

    private static Set<Long> edges() {
        Set<Long> edges = new TreeSet<>();
        for (int bit = 0; bit < Long.SIZE; bit++) {
            for (long off = -1; off <= 1; off++) {
                edges.add((1L << bit) + off);
                edges.add(-(1L << bit) + off);
            }
        }
        return edges;
    }
}
