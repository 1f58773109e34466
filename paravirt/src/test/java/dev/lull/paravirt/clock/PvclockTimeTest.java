package dev.lull.paravirt.clock;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The guest's nanoseconds against the counter's, and its own formula in numbers without bounds. */
class PvclockTimeTest {
    private static final int RANDOM_CASES = Integer.getInteger("lull.fuzz.iterations", 100_000);
    private static final long GIGA = 1_000_000_000L;
    private static final BigInteger SECOND_NANOS = BigInteger.valueOf(GIGA);

    @Test
    void atAnyFrequencyNanosecondsAreTheCountersAndSlowByLessThanAPartIn2ToThe31() {
        SplittableRandom random = new SplittableRandom(4);
        for (int i = 0; i < RANDOM_CASES; i++) {
            long hostHz = frequency(random);
            VirtualCounter counter =
                    VirtualCounter.startingAt(random.nextLong(), random.nextLong(), hostHz, frequency(random));
            PvclockTime time = PvclockTime.of(counter, random.nextLong());
            assertThat(time.hostBase()).isEqualTo(counter.hostBase());
            assertThat(time.multiplier()).as("highest bit of %s", time).isNegative();
            assertThat(time.shift()).isBetween(-31, 31);

            // As many ticks as a century has at the most, and as the shift leaves room for.
            long delta = random.nextLong() >>> (8 + Math.max(0, time.shift()) + random.nextInt(32));
            long gone = time.nanosAt(time.hostBase() + delta) - time.nanos();
            assertThat(BigInteger.valueOf(gone)).as("%s at %d", time, delta).isEqualTo(byLinux(time, delta));
            // exact = delta * 10^9 / hostHz
            BigInteger exactByHz = BigInteger.valueOf(delta).multiply(SECOND_NANOS);
            BigInteger host = BigInteger.valueOf(hostHz);
            BigInteger behind = exactByHz.subtract(BigInteger.valueOf(gone).multiply(host));
            // Half a tick goes with each bit shifted to the right, and a nanosecond by rounding.
            BigInteger ticksLost = BigInteger.ONE.shiftLeft(Math.max(0, -time.shift()));
            BigInteger most = exactByHz
                    .shiftRight(30)
                    .add(host)
                    .add(ticksLost.multiply(SECOND_NANOS))
                    .add(BigInteger.ONE);
            assertThat(behind).isBetween(BigInteger.ZERO, most);
        }
    }

    @Test
    void atThreeGigahertzItIsWhatKvmWouldWrite() {
        // kvm_get_time_scale(NSEC_PER_SEC, 3 GHz): 2^33 / 3, shifted right by one.
        PvclockTime time = PvclockTime.of(VirtualCounter.startingAt(0, 0, 3 * GIGA, 3 * GIGA), 0);
        assertThat(Integer.toUnsignedLong(time.multiplier())).isEqualTo((1L << 33) / 3);
        assertThat(time.shift()).isEqualTo(-1);
    }

    /** {@code pvclock_scale_delta} of Linux. */
    private static BigInteger byLinux(PvclockTime time, long delta) {
        BigInteger shifted = BigInteger.valueOf(delta).shiftLeft(time.shift());
        return shifted.multiply(BigInteger.valueOf(Integer.toUnsignedLong(time.multiplier())))
                .shiftRight(32);
    }

    private static long frequency(SplittableRandom random) {
        double exponent = random.nextDouble(Math.log(VirtualCounter.MIN_HZ), Math.log(VirtualCounter.MAX_HZ));
        return Math.clamp((long) Math.exp(exponent), VirtualCounter.MIN_HZ, VirtualCounter.MAX_HZ);
    }
}
