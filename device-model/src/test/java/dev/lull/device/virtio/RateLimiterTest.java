package dev.lull.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A bucket lets through its size, its burst and its rate, and no more; a limited device is resumed when it is due. */
class RateLimiterTest {
    private static final long SECOND = 1_000_000_000;

    /** Near where nanosecond clocks wrap. */
    private long now = Long.MAX_VALUE - 10 * SECOND;

    private TokenBucket bucket(long size, long burst, long refillNanos) {
        return new TokenBucket(size, burst, refillNanos, () -> now);
    }

    @Test
    void aBucketRefillsEvenlyUpToItsSize() {
        TokenBucket bucket = bucket(100, 0, SECOND);
        assertThat(bucket.nanosUntil(100)).isZero();
        bucket.take(100);
        assertThat(bucket.nanosUntil(1)).isEqualTo(SECOND / 100);
        assertThat(bucket.nanosUntil(50)).isEqualTo(SECOND / 2);
        now += SECOND / 2;
        assertThat(bucket.nanosUntil(50)).isZero();
        assertThat(bucket.nanosUntil(51)).isEqualTo(SECOND / 100);
        now += 100 * SECOND;
        assertThat(bucket.nanosUntil(100)).isZero();
        bucket.take(1);
        assertThat(bucket.nanosUntil(100)).isEqualTo(SECOND / 100);
    }

    @Test
    void theBurstIsGivenOnce() {
        TokenBucket bucket = bucket(10, 25, SECOND);
        bucket.take(20);
        assertThat(bucket.nanosUntil(15)).isZero();
        bucket.take(15);
        assertThat(bucket.nanosUntil(10)).isEqualTo(SECOND);
        now += 100 * SECOND;
        bucket.take(10);
        assertThat(bucket.nanosUntil(1)).isEqualTo(SECOND / 10);
    }

    @Test
    void aRequestLargerThanTheBucketWaitsForAFullOneAndLeavesADebt() {
        TokenBucket bucket = bucket(10, 0, SECOND);
        assertThat(bucket.nanosUntil(35)).isZero();
        bucket.take(35);
        assertThat(bucket.nanosUntil(0)).isEqualTo(5 * SECOND / 2);
        assertThat(bucket.nanosUntil(10)).isEqualTo(7 * SECOND / 2);
        assertThat(bucket.nanosUntil(1000)).isEqualTo(7 * SECOND / 2);
    }

    @Test
    void extremesNeitherOverflowNorDivideByZero() {
        TokenBucket wide = bucket(Long.MAX_VALUE, Long.MAX_VALUE, 1);
        wide.take(Long.MAX_VALUE);
        assertThat(wide.nanosUntil(Long.MAX_VALUE)).isZero();
        TokenBucket slow = bucket(1, 0, TokenBucket.MAX_REFILL_NANOS);
        slow.take(Long.MAX_VALUE);
        slow.take(Long.MAX_VALUE);
        assertThat(slow.nanosUntil(1)).isGreaterThan(1L << 59);
        assertThatThrownBy(() -> bucket(1, 0, Long.MAX_VALUE)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> bucket(0, 0, SECOND)).hasMessage("a token bucket of 0, once 0, in 1000000000 ns");
        assertThatThrownBy(() -> bucket(1, -1, SECOND)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> bucket(1, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whateverIsAskedTheRateIsKept() {
        SplittableRandom random = new SplittableRandom(20261121);
        for (int round = 0; round < 200; round++) {
            long size = random.nextLong(1, 1 << random.nextInt(1, 31));
            long burst = random.nextLong(0, 2 * size);
            long refill = random.nextLong(1_000, 10 * SECOND);
            TokenBucket bucket = bucket(size, burst, refill);
            long start = now;
            double taken = 0;
            for (int i = 0; i < 1_000; i++) {
                long tokens = random.nextLong(1, size + 1);
                long wait = bucket.nanosUntil(tokens);
                if (wait > 0) {
                    now += wait;
                    assertThat(bucket.nanosUntil(tokens)).isZero();
                }
                bucket.take(tokens);
                taken += tokens;
                double allowed = burst + size + (double) (now - start) * size / refill;
                assertThat(taken).isLessThanOrEqualTo(allowed * (1 + 1e-9));
            }
            assertThat(taken).isGreaterThan(0.9 * (double) (now - start) * size / refill - 1_000.0 * size / refill);
        }
    }

    @Test
    @Tag("allocation")
    void nothingIsAllocated() {
        try (RateLimiter limiter = new RateLimiter("test", bucket(1000, 0, SECOND), bucket(1, 0, 1))) {
            Allocations.assertNone(() -> takeMany(limiter));
        }
    }

    private void takeMany(RateLimiter limiter) {
        for (int i = 0; i < 20_000; i++) {
            now += SECOND;
            assertTaken(limiter.tryTake(1000));
        }
    }

    private static void assertTaken(boolean taken) {
        if (!taken) {
            throw new AssertionError("refused");
        }
    }

    @Test
    void aRefusedDeviceIsResumedOnItsLoop() {
        int[] resumed = {0};
        try (TestContext context = new TestContext(new TestGuest(), 0);
                RateLimiter limiter = new RateLimiter(
                        "test",
                        new TokenBucket(1 << 20, 0, SECOND, SystemNanoClock.INSTANCE),
                        new TokenBucket(2, 0, SECOND, SystemNanoClock.INSTANCE))) {
            limiter.begin(context, () -> resumed[0]++);
            assertThat(limiter.tryTake(512)).isTrue();
            assertThat(limiter.tryTake(512)).isTrue();
            assertThat(limiter.tryTake(512)).isFalse();
            assertThat(limiter.tryTake(512)).isFalse();
            context.turn();
            assertThat(resumed[0]).isZero();
            context.turnUntil(() -> resumed[0] == 1);
            assertThat(limiter.tryTake(512)).isTrue();
            assertThat(limiter.tryTake(512)).isFalse();
            context.reset();
            limiter.begin(context, () -> resumed[0] += 10);
            context.turnUntil(() -> limiter.tryTake(0));
            limiter.charge(1 << 21);
            assertThat(limiter.tryTake(0)).isFalse();
            assertThat(resumed[0] % 10).isEqualTo(1);
        }
    }

    @Test
    void noLimitIsNoLimit() {
        try (RateLimiter limiter = RateLimiter.unlimited();
                TestContext context = new TestContext(new TestGuest(), 0)) {
            limiter.begin(context, () -> {});
            for (int i = 0; i < 1000; i++) {
                assertThat(limiter.tryTake(Long.MAX_VALUE)).isTrue();
            }
        }
    }

    @Test
    void aLimitMayComeAndGoWhileTheDeviceRuns() {
        int[] resumed = {0};
        try (RateLimiter limiter = RateLimiter.unlimited();
                TestContext context = new TestContext(new TestGuest(), 0)) {
            limiter.begin(context, () -> resumed[0]++);
            limiter.limitOperations(bucket(2, 0, SECOND));
            context.turn();
            assertThat(limiter.tryTake(512)).isTrue();
            limiter.limitBytes(bucket(100, 0, SECOND));
            context.turn();
            assertThat(limiter.tryTake(100)).isTrue();
            assertThat(limiter.tryTake(0)).as("two operations, then none").isFalse();
            limiter.limitOperations(null);
            context.turnUntil(() -> resumed[0] == 1);
            assertThat(limiter.tryTake(0)).isTrue();
            assertThat(limiter.tryTake(1)).as("the bytes are still limited").isFalse();
            limiter.limitBytes(bucket(1000, 0, SECOND));
            context.turnUntil(() -> resumed[0] == 2);
            assertThat(limiter.tryTake(1000)).isTrue();
            assertThat(limiter.tryTake(1)).isFalse();
            limiter.limitBytes(null);
            context.turnUntil(() -> resumed[0] == 3);
            for (int i = 0; i < 1000; i++) {
                assertThat(limiter.tryTake(Long.MAX_VALUE)).isTrue();
            }
        }
    }

    @Test
    void aLimitThatComesBetweenTwoDriversHoldsForTheNext() {
        int[] resumed = {0};
        try (RateLimiter limiter = RateLimiter.unlimited();
                TestContext context = new TestContext(new TestGuest(), 0)) {
            limiter.limitOperations(bucket(1, 0, SECOND));
            limiter.begin(context, () -> resumed[0]++);
            assertThat(limiter.tryTake(0)).isTrue();
            assertThat(limiter.tryTake(0)).isFalse();
            limiter.end();
            context.reset();
            limiter.limitOperations(null);
            context.turn();
            assertThat(resumed[0]).isZero();
            limiter.limitBytes(bucket(1, 0, SECOND));
            limiter.begin(context, () -> resumed[0] += 10);
            assertThat(limiter.tryTake(1)).isTrue();
            assertThat(limiter.tryTake(1)).isFalse();
            limiter.limitBytes(bucket(1, 0, SECOND));
            context.turnUntil(() -> resumed[0] == 10);
            assertThat(limiter.tryTake(1)).isTrue();
        }
    }

    @Test
    void theTimerIsMadeWithTheFirstLimitAndGoesWithTheLimiter() throws IOException {
        long before = descriptors();
        try (RateLimiter limiter = RateLimiter.unlimited()) {
            limiter.limitBytes(null);
            assertThat(descriptors()).isEqualTo(before);
            limiter.limitBytes(bucket(1, 0, SECOND));
            limiter.limitOperations(bucket(1, 0, SECOND));
            assertThat(descriptors()).isEqualTo(before + 1);
        }
        RateLimiter closed = RateLimiter.unlimited();
        closed.close();
        closed.limitBytes(bucket(1, 0, SECOND));
        assertThat(descriptors()).isEqualTo(before);
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    @Test
    void changesFromManyThreadsLeaveNoDeviceWaiting() throws InterruptedException {
        try (RateLimiter limiter = RateLimiter.unlimited();
                TestContext context = new TestContext(new TestGuest(), 0)) {
            long[] resumed = {0};
            limiter.begin(context, () -> resumed[0]++);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                SplittableRandom random = new SplittableRandom(i);
                threads.add(Thread.ofPlatform().start(() -> changeOften(limiter, random)));
            }
            long refused = 0;
            while (threads.stream().anyMatch(Thread::isAlive)) {
                if (!limiter.tryTake(100)) {
                    refused++;
                    long before = resumed[0];
                    context.turnUntil(
                            () -> resumed[0] > before || threads.stream().noneMatch(Thread::isAlive));
                }
                context.turn();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(refused).isPositive();
            limiter.limitBytes(null);
            limiter.limitOperations(null);
            context.turnUntil(() -> limiter.tryTake(Long.MAX_VALUE));
        }
    }

    /** Limits that end, and limits only another change ends. */
    private static void changeOften(RateLimiter limiter, SplittableRandom random) {
        for (int i = 0; i < 2_000; i++) {
            long refillNanos = random.nextBoolean() ? 100_000 : 1000 * SECOND;
            TokenBucket bucket =
                    random.nextInt(3) == 0 ? null : new TokenBucket(100, 0, refillNanos, SystemNanoClock.INSTANCE);
            if (random.nextBoolean()) {
                limiter.limitBytes(bucket);
            } else {
                limiter.limitOperations(bucket);
            }
            LockSupport.parkNanos(10_000);
        }
    }
}
