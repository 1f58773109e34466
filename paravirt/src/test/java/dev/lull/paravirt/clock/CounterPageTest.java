package dev.lull.paravirt.clock;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.virtio.Allocations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The page that writer and readers share: its bytes, and that nobody ever reads a mixture or a step back. */
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CounterPageTest {
    private static final int READERS = 3;
    private static final int READS = 10_000_000 / READERS + 1;
    private static final int MIN_CHANGES = 100;
    private static final long GIGA = 1_000_000_000L;

    private final MemorySegment memory = Arena.ofAuto().allocate(CounterPage.SIZE_BYTES, CounterPage.SIZE_BYTES);
    private final AtomicLong hostTicks = new AtomicLong(-1000);
    private final AtomicInteger readersLeft = new AtomicInteger(READERS);

    @Test
    void theBytesAreThoseOfTheLayout() {
        VirtualCounter first = VirtualCounter.startingAt(0x1122_3344_5566_7788L, 5, 2_300_000_000L, GIGA);
        CounterPage page = new CounterPage(memory, first);
        assertThat(memory.asSlice(0, 4).toArray(JAVA_BYTE))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("LCNT");
        assertThat(memory.get(JAVA_INT, 4)).isEqualTo(1);
        assertThat(memory.get(JAVA_INT, 8)).isZero();
        assertThat(memory.get(JAVA_INT, 12)).isEqualTo(first.forwardShift());
        assertThat(memory.get(JAVA_LONG, 16)).isEqualTo(0x1122_3344_5566_7788L);
        assertThat(memory.get(JAVA_LONG, 24)).isEqualTo(5);
        assertThat(memory.get(JAVA_LONG, 32)).isEqualTo(first.forward());
        assertThat(memory.get(JAVA_LONG, 40)).isEqualTo(first.reverse());
        assertThat(memory.get(JAVA_LONG, 48)).isEqualTo(GIGA);
        assertThat(memory.get(JAVA_LONG, 56)).isZero();

        VirtualCounter second = first.rescaled(first.hostBase() + 1000, GIGA);
        page.update(() -> first.hostBase() + 1000, now -> first.rescaled(now, GIGA));
        assertThat(page.counter()).isEqualTo(second);
        assertThat(new CounterReader(memory, () -> 0).snapshot()).isEqualTo(second);
        assertThat(memory.get(JAVA_INT, 8)).isEqualTo(2);
    }

    @Test
    void theReaderCountsAsTheCounterInThePage() {
        VirtualCounter counter = VirtualCounter.startingAt(100, -7, 2_300_000_000L, GIGA);
        CounterPage page = new CounterPage(memory, counter);
        CounterReader reader = new CounterReader(memory, hostTicks::get);
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 10_000; i++) {
            long value = random.nextLong();
            hostTicks.set(value);
            assertThat(reader.read()).isEqualTo(counter.counterAt(value));
            assertThat(reader.hostTicksAt(value)).isEqualTo(counter.hostTicksAt(value));
        }
        page.update(() -> 9, now -> counter.rescaled(now, 24_000_000));
        hostTicks.set(9 + 24_000_000);
        assertThat(reader.read() - counter.counterAt(9)).isBetween(GIGA - 1, GIGA);
    }

    @Test
    void whileTheSequenceIsOddTheTickIsReadAndNotBefore() {
        VirtualCounter counter = VirtualCounter.startingAt(0, 0, GIGA, GIGA);
        CounterPage page = new CounterPage(memory, counter);
        page.update(
                () -> {
                    assertThat(memory.get(JAVA_INT, 8)).isEqualTo(1);
                    return 50;
                },
                now -> {
                    assertThat(memory.get(JAVA_INT, 8)).isEqualTo(1);
                    return counter.rescaled(now, 2 * GIGA);
                });
        assertThat(page.counter().hostBase()).isEqualTo(50);
    }

    @Test
    void anUpdateThatFailsChangesNothing() {
        VirtualCounter counter = VirtualCounter.startingAt(0, 0, GIGA, GIGA);
        CounterPage page = new CounterPage(memory, counter);
        assertThatThrownBy(() -> page.update(() -> 1, now -> counter.rescaled(now, 1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(page.counter()).isEqualTo(counter);
        assertThat(new CounterReader(memory, () -> 0).snapshot()).isEqualTo(counter);
    }

    @Test
    void whatIsNoPageIsRefused() {
        assertThatThrownBy(() -> new CounterReader(memory, () -> 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("begins with 0x00000000");
        VirtualCounter counter = VirtualCounter.startingAt(0, 0, GIGA, GIGA);
        MemorySegment wide = Arena.ofAuto().allocate(2 * CounterPage.SIZE_BYTES, CounterPage.SIZE_BYTES);
        assertThatThrownBy(() -> new CounterPage(wide.asSlice(8), counter))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("aligned");
        assertThatThrownBy(() -> new CounterPage(wide.asSlice(0, 56), counter))
                .isInstanceOf(IllegalArgumentException.class);
        new CounterPage(memory, counter);
        memory.set(JAVA_INT, 4, 2);
        assertThatThrownBy(() -> new CounterReader(memory, () -> 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void noReadIsTorn() throws Exception {
        CounterPage page = new CounterPage(memory, generation(0));
        List<Callable<Long>> readers = new ArrayList<>();
        for (int i = 0; i < READERS; i++) {
            CounterReader reader = new CounterReader(memory, () -> 0);
            readers.add(() -> {
                long last = 0;
                for (int read = 0; read < READS; read++) {
                    VirtualCounter got = reader.snapshot();
                    if (got.hostBase() < last || !got.equals(generation(got.hostBase()))) {
                        throw new AssertionError("torn after " + last + ": " + got);
                    }
                    last = got.hostBase();
                }
                return last;
            });
        }
        long changes = whileReading(readers, change -> page.update(() -> change, CounterPageTest::generation));
        assertThat(changes).isGreaterThanOrEqualTo(MIN_CHANGES);
        assertThat(page.counter()).isEqualTo(generation(changes));
    }

    @Test
    void noReadGoesBackOnOneThreadOrFromOneToAnother() throws Exception {
        VirtualCounter first = VirtualCounter.startingAt(hostTicks.get(), 0, GIGA, GIGA);
        CounterPage page = new CounterPage(memory, first);
        HostTicks ticks = hostTicks::incrementAndGet;
        AtomicLong furthest = new AtomicLong();
        List<Callable<Long>> readers = new ArrayList<>();
        for (int i = 0; i < READERS; i++) {
            CounterReader reader = new CounterReader(memory, ticks);
            readers.add(() -> {
                long own = 0;
                for (int read = 0; read < READS; read++) {
                    long before = Math.max(own, furthest.get());
                    own = reader.read();
                    if (own < before) {
                        throw new AssertionError("read " + own + " after " + before);
                    }
                    furthest.accumulateAndGet(own, Math::max);
                }
                return own;
            });
        }
        // From ten ticks of the counter for one of the host to a tenth, and back.
        long changes = whileReading(
                readers,
                change -> page.update(
                        ticks, now -> page.counter().rescaled(now, change % 2 == 0 ? 10 * GIGA : GIGA / 10)));
        assertThat(changes).isGreaterThanOrEqualTo(MIN_CHANGES);
        assertThat(page.counter().counterAt(hostTicks.get())).isGreaterThanOrEqualTo(furthest.get());
    }

    @Test
    void readingAllocatesNothing() {
        new CounterPage(memory, VirtualCounter.startingAt(0, 0, GIGA, GIGA));
        CounterReader reader = new CounterReader(memory, hostTicks::incrementAndGet);
        Allocations.assertNone(() -> {
            for (int i = 0; i < 100_000; i++) {
                hostTicks.addAndGet(reader.hostTicksAt(reader.read()) & 1);
            }
        });
    }

    /** Makes changes, numbered from 1 on, until all readers are done; how many. */
    private long whileReading(List<Callable<Long>> readers, LongConsumer change) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(READERS)) {
            List<Future<Long>> results = new ArrayList<>();
            for (Callable<Long> reader : readers) {
                results.add(threads.submit(() -> {
                    try {
                        return reader.call();
                    } finally {
                        readersLeft.decrementAndGet();
                    }
                }));
            }
            long changes = 0;
            while (readersLeft.get() > 0) {
                change.accept(++changes);
                TimeUnit.MICROSECONDS.sleep(changes % 100);
            }
            for (Future<Long> result : results) {
                result.get();
            }
            return changes;
        }
    }

    /** A counter of which each member tells the number. */
    private static VirtualCounter generation(long number) {
        return new VirtualCounter(number, 3 * number, 5 * number, (int) (7 * number), 11 * number, 13 * number);
    }
}
