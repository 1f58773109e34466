package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.machine.ScaledCounterConfig;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest reads of its counter while Lull changes how it is made, or moves it to another host. */
@Tag("lab")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class CounterChangesTest {
    /** A machine being changed again and again, until it is closed: before the machine is. */
    private static final class Changes implements AutoCloseable {
        private final AtomicInteger count = new AtomicInteger();
        private final Thread thread;
        private volatile boolean closed;

        Changes(long pauseMillis, IntConsumer change) {
            thread = Thread.ofPlatform().start(() -> {
                while (!closed) {
                    change.accept(count.get());
                    count.incrementAndGet();
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(pauseMillis));
                }
            });
        }

        int count() {
            return count.get();
        }

        @Override
        public void close() {
            closed = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static final int READS = Soak.of(2_000_000, 10_000_000);
    private static final int MIN_CHANGES = 100;

    @ParameterizedTest(name = "{0} vCPU")
    @ValueSource(ints = {1, 2})
    void nothingGoesBackOrIsEarlyWhenTheFactorsChange(int vcpus) throws Exception {
        try (CounterGuest guest = CounterGuest.boot(vcpus, ScaledCounterConfig.DEFAULT_HZ, List.of())) {
            guest.loadModule();
            Map<String, Long> waits;
            try (Changes changes = new Changes(2, time -> guest.counter().dilate(time % 2 == 0 ? 1 : 1.5))) {
                watchUntilChanged(guest, vcpus, READS, changes);
                waits = guest.numbers("counter wait 10000000 100");
            }
            assertThat(waits).containsEntry("early", 0L);
            assertThat(guest.attribute("nominal_hz")).isEqualTo(Long.toString(ScaledCounterConfig.DEFAULT_HZ));
            guest.counter().dilate(1);
            guest.checkRate();
            guest.endClean();
        }
    }

    /** A host whose TSC has gone on for longer, or not as long, and by another frequency. */
    @Test
    void onAnotherHostItGoesOn() throws Exception {
        try (CounterGuest guest = CounterGuest.boot(2, ScaledCounterConfig.DEFAULT_HZ, List.of())) {
            guest.loadModule();
            long[] aheadTicks = {1L << 62, -(1L << 40), 0};
            try (Changes moves = new Changes(
                    5, time -> move(guest, aheadTicks[time % aheadTicks.length], time % 2 == 0 ? 0.4 : 1))) {
                watchUntilChanged(guest, 2, READS / 4, moves);
            }
            move(guest, 1L << 50, 1);
            assertThat(guest.numbers("counter wait 10000000 20")).containsEntry("early", 0L);
            guest.checkRate();
            guest.endClean();
        }
    }

    /** Reads on all vCPUs, and again until there were as many changes as there are to be. */
    private static void watchUntilChanged(CounterGuest guest, int vcpus, int reads, Changes changes)
            throws InterruptedException {
        do {
            assertThat(guest.run("counter watch " + reads))
                    .isEqualTo("processors=%d reads=%d back=0 torn=0".formatted(vcpus, (long) vcpus * reads));
        } while (changes.count() < MIN_CHANGES);
    }

    private static void move(CounterGuest guest, long aheadTicks, double dilation) {
        try {
            guest.machine().pause();
            guest.counter().move(aheadTicks, dilation);
            guest.machine().resume();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
