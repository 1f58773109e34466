package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lull.agent.machine.ScaledCounter;
import dev.lull.agent.machine.ScaledCounterConfig;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A stock Debian keeps its time by Lull's counter through its own vDSO. How fast it goes is measured against the
 * processor's counter, which guest and host both read, so nothing depends on how soon an answer comes.
 */
@Tag("lab")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class ScaledCounterTest {
    private static final int MEMORY_MIB = 256;
    private static final long APART_MILLIS = Soak.of(4_000L, 60_000L);
    private static final double PARTS_PER_MILLION = 1e-6;
    private static final double MAX_ERROR = 50 * PARTS_PER_MILLION;
    private static final double MAX_BOOT_SECONDS = 10;
    private static final double SLEEP_MILLIS = 100;
    private static final int SLEEPS = 30;
    private static final double MAX_LATE = 1.25;
    private static final int READS = Soak.of(2_000_000, 10_000_000);
    private static final int MIN_CHANGES = 100;
    private static final int MIN_MOVES = 30;
    private static final Pattern SAMPLE = Pattern.compile("ticks=(\\d+) nanos=(\\d+) spread=(\\d+)");

    /** The processor's counter and a clock at one moment. */
    private record Sample(long ticks, long nanos) {
        static Sample parse(String text) {
            Matcher matcher = SAMPLE.matcher(text);
            assertThat(matcher.matches()).as(text).isTrue();
            return new Sample(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
        }

        /** Nanoseconds of the clock in a tick of the counter. */
        double slopeTo(Sample later) {
            return (double) (later.nanos - nanos) / (later.ticks - ticks);
        }
    }

    @ParameterizedTest(name = "{0} vCPU, {1} Hz, a second of {2}")
    @CsvSource({"1, 1000000000, 1", "1, 370000000, 2", "2, 1000000000, 2", "2, 851000000, 0.7"})
    void theGuestsSecondsAreAsLongAsTheyShouldBe(int vcpus, long nominalHz, double dilation) throws Exception {
        try (DebianGuest guest = boot(vcpus, nominalHz, dilation)) {
            assertThat(guest.run("cat /sys/devices/system/clocksource/clocksource0/current_clocksource"))
                    .isEqualTo("kvm-clock");
            assertThat(guest.run("grep -c -w -e nonstop_tsc -e tsc_adjust /proc/cpuinfo || true"))
                    .isEqualTo("0");
            assertThat(counter(guest).counter().nominalHz()).isEqualTo(nominalHz);
            assertThat(counter(guest).refusedAddresses()).isZero();
            readsWithoutASystemCall(guest);
            checkRate(guest, dilation);
            checkWallClock(guest, dilation);
            sleepsByItsOwnSeconds(guest, dilation);
            guest.endClean();
        }
    }

    @ParameterizedTest(name = "{0} vCPU")
    @ValueSource(ints = {1, 2})
    void nothingGoesBackWhenTheFactorsChange(int vcpus) throws Exception {
        try (DebianGuest guest = boot(vcpus, ScaledCounterConfig.DEFAULT_HZ, 1)) {
            AtomicBoolean done = new AtomicBoolean();
            AtomicInteger changes = new AtomicInteger();
            Thread changer = Thread.ofPlatform().start(() -> {
                while (!done.get()) {
                    counter(guest).dilate(changes.incrementAndGet() % 2 == 0 ? 1 : 1.5);
                    sleep(2);
                }
            });
            String watched = guest.run("clock watch " + READS);
            done.set(true);
            changer.join();
            assertThat(watched).isEqualTo("processors=%d reads=%d back=0".formatted(vcpus, (long) vcpus * READS));
            assertThat(changes.get()).isGreaterThanOrEqualTo(MIN_CHANGES);
            counter(guest).dilate(1);
            checkRate(guest, 1);
            guest.endClean();
        }
    }

    /** A host whose TSC has gone on for longer, or not as long, and by another frequency. */
    @Test
    void onAnotherHostNothingGoesBack() throws Exception {
        try (DebianGuest guest = boot(2, ScaledCounterConfig.DEFAULT_HZ, 1)) {
            AtomicBoolean done = new AtomicBoolean();
            AtomicInteger moves = new AtomicInteger();
            Thread mover = Thread.ofPlatform().start(() -> {
                while (!done.get()) {
                    long[] aheadTicks = {1L << 62, -(1L << 40), 0};
                    move(guest, aheadTicks[moves.get() % aheadTicks.length], moves.get() % 2 == 0 ? 0.4 : 1);
                    moves.incrementAndGet();
                    sleep(5);
                }
            });
            do {
                assertThat(guest.run("clock watch " + READS / 4))
                        .isEqualTo("processors=2 reads=%d back=0".formatted(2L * (READS / 4)));
            } while (moves.get() < MIN_MOVES);
            done.set(true);
            mover.join();
            move(guest, 1L << 50, 1);
            checkRate(guest, 1);
            guest.endClean();
        }
    }

    private static void move(DebianGuest guest, long aheadTicks, double dilation) {
        try {
            guest.machine().pause();
            counter(guest).move(aheadTicks, dilation);
            guest.machine().resume();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void readsWithoutASystemCall(DebianGuest guest) throws InterruptedException {
        assertThat(shortestPicos(guest, "clock")).isLessThan(shortestPicos(guest, "call") / 2);
    }

    private static long shortestPicos(DebianGuest guest, String kind) throws InterruptedException {
        String shortestFirst = guest.run("clock reads " + kind + " 50");
        return Long.parseLong(shortestFirst.substring(0, shortestFirst.indexOf('*')));
    }

    private static void checkRate(DebianGuest guest, double dilation) throws Exception {
        Sample guestBefore = sampleInGuest(guest);
        Sample hostBefore = sampleOnHost();
        Thread.sleep(APART_MILLIS);
        double guestSlope = guestBefore.slopeTo(sampleInGuest(guest));
        double hostSlope = hostBefore.slopeTo(sampleOnHost());
        double error = guestSlope * dilation / hostSlope - 1;
        System.out.printf("dilation %s: %.3f ppm off%n", dilation, error / PARTS_PER_MILLION);
        assertThat(error).isCloseTo(0, within(MAX_ERROR));
    }

    /**
     * The guest's wall clock was the host's when it asked for it, early in its boot, and has gone by its own seconds
     * since. Linux loses some time while it boots, before it has ticks.
     */
    private static void checkWallClock(DebianGuest guest, double dilation) throws InterruptedException {
        double earliest = System.currentTimeMillis() / 1e3;
        double guestSeconds = Double.parseDouble(guest.run("date +%s.%N"));
        double latest = System.currentTimeMillis() / 1e3;
        double apart = Math.abs(dilation - 1) * counter(guest).nanos() / 1e9 + MAX_BOOT_SECONDS;
        assertThat(guestSeconds).isBetween(earliest - apart, latest + apart);
    }

    private static void sleepsByItsOwnSeconds(DebianGuest guest, double dilation) throws Exception {
        Sample hostBefore = sampleOnHost();
        String slept = guest.run("clock sleep " + (int) SLEEP_MILLIS + " " + SLEEPS);
        double nanosPerTick = hostBefore.slopeTo(sampleOnHost());
        String[] words = slept.split("[= ]", -1);
        assertThat(Long.parseLong(words[1]) / 1e6).as(slept).isBetween(SLEEP_MILLIS, SLEEP_MILLIS * MAX_LATE);
        double hostMillis = Long.parseLong(words[3]) * nanosPerTick / 1e6;
        assertThat(hostMillis).isBetween(SLEEP_MILLIS * dilation, SLEEP_MILLIS * dilation * MAX_LATE);
    }

    private static DebianGuest boot(int vcpus, long nominalHz, double dilation) throws InterruptedException {
        return DebianGuest.boot(
                config -> config.vcpus(vcpus).scaledCounter(new ScaledCounterConfig(nominalHz, dilation)),
                MEMORY_MIB,
                List.of());
    }

    private static ScaledCounter counter(DebianGuest guest) {
        return guest.machine().scaledCounter();
    }

    private static Sample sampleInGuest(DebianGuest guest) throws InterruptedException {
        return Sample.parse(guest.run("clock sample"));
    }

    private static Sample sampleOnHost() throws IOException, InterruptedException {
        return Sample.parse(Host.run(LabKernels.tool("clock").toString(), "sample"));
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
