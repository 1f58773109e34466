package dev.lull.agent.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.agent.devices.RateLimit.Bucket;
import dev.lull.agent.machine.ConfigException;
import dev.lull.device.loop.EventLoop;
import dev.lull.device.memory.GuestMemory;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.VirtioContext;
import dev.lull.device.virtio.Virtqueue;
import dev.lull.linux.Fd;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A limit is what its buckets say, and a change of it is of those buckets it names. */
class RateLimitTest {
    private static final long HOUR_MILLIS = 3_600_000;
    private static final Bucket THREE = new Bucket(2, 1, HOUR_MILLIS);

    private final Context context = new Context();
    private int resumed;

    @AfterEach
    void close() {
        context.loop.close();
    }

    /** A device's context without a device. */
    private record Context(EventLoop loop) implements VirtioContext {
        Context() {
            this(new EventLoop("test", fault -> {
                throw new AssertionError("a handler failed", fault);
            }));
        }

        void turn() {
            loop.wakeUp();
            loop.doWork();
        }

        @Override
        public long features() {
            return 0;
        }

        @Override
        public GuestMemory memory() {
            return new GuestMemory(List.of());
        }

        @Override
        public @Nullable Virtqueue queue(int index) {
            return null;
        }

        @Override
        public void watch(Fd fd, int eventMask, EventLoop.Handler handler) {
            loop.watch(fd, eventMask, handler);
        }

        @Override
        public void unwatch(Fd fd) {
            loop.unwatch(fd);
        }

        @Override
        public void ring(int index) {}

        @Override
        public void configChanged() {}
    }

    @Test
    void aBucketHoldsItsSizeAndOnceItsBurst() {
        try (RateLimiter limiter = new RateLimit(Bucket.NONE, THREE).limiter("test")) {
            limiter.begin(context, () -> {});
            for (int i = 0; i < 3; i++) {
                assertThat(limiter.tryTake(Long.MAX_VALUE)).isTrue();
            }
            assertThat(limiter.tryTake(0)).isFalse();
        }
    }

    @Test
    void whatAChangeDoesNotNameStays() {
        try (RateLimiter limiter = new RateLimit(THREE, THREE).limiter("test")) {
            limiter.begin(context, () -> resumed++);
            assertThat(limiter.tryTake(3)).isTrue();
            assertThat(limiter.tryTake(1)).isFalse();
            change(limiter, new RateLimit.Change(null, new Bucket(9, 0, 1)));
            assertThat(limiter.tryTake(1)).isFalse();
            change(limiter, new RateLimit.Change(new Bucket(5, 0, HOUR_MILLIS), null));
            assertThat(limiter.tryTake(5)).isTrue();
            assertThat(limiter.tryTake(1)).isFalse();
            change(limiter, new RateLimit.Change(new Bucket(5, 0, 0), new Bucket(0, 1, 1)));
            assertThat(limiter.tryTake(Long.MAX_VALUE)).isTrue();
            assertThat(limiter.tryTake(Long.MAX_VALUE)).isTrue();
        }
    }

    /** Changes the limit of a device that waits, and lets it be resumed. */
    private void change(RateLimiter limiter, RateLimit.Change change) {
        int before = resumed;
        change.applyTo(limiter);
        long deadlineNanos = System.nanoTime() + 10_000_000_000L;
        while (resumed == before) {
            assertThat(System.nanoTime()).isLessThan(deadlineNanos);
            context.turn();
        }
    }

    @Test
    void aChangedLimitIsToldAsWhatItIsNow() {
        RateLimit limit = RateLimit.perSecond(100, 0, 7);
        assertThat(limit.bandwidth()).isEqualTo(new Bucket(100, 7, 1000));
        assertThat(limit.operations().isUnlimited()).isTrue();
        assertThat(new RateLimit.Change(null, THREE).applyTo(limit))
                .isEqualTo(new RateLimit(new Bucket(100, 7, 1000), THREE));
        assertThat(new RateLimit.Change(Bucket.NONE, null).applyTo(limit).bandwidth())
                .isEqualTo(Bucket.NONE);
    }

    @Test
    void whatNoBucketHasIsRefused() {
        assertThatThrownBy(() -> new Bucket(-1, 0, 1)).isInstanceOf(ConfigException.class);
        assertThatThrownBy(() -> new Bucket(1, -1, 1)).isInstanceOf(ConfigException.class);
        assertThatThrownBy(() -> new Bucket(1, 0, Bucket.MAX_REFILL_MILLIS + 1))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("at most 288230376151 ms");
        assertThat(new Bucket(1, 0, Bucket.MAX_REFILL_MILLIS).isUnlimited()).isFalse();
    }
}
