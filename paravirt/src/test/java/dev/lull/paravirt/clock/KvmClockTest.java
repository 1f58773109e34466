package dev.lull.paravirt.clock;

import static dev.lull.kvm.KvmParaConstants.MSR_KVM_SYSTEM_TIME;
import static dev.lull.kvm.KvmParaConstants.MSR_KVM_SYSTEM_TIME_NEW;
import static dev.lull.kvm.KvmParaConstants.MSR_KVM_WALL_CLOCK;
import static dev.lull.kvm.KvmParaConstants.MSR_KVM_WALL_CLOCK_NEW;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lull.device.memory.GuestMemory;
import dev.lull.device.memory.WrittenPages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest gets that asks for KVM's clock, and what one gets that asks amiss. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KvmClockTest {
    private static final int LOW_BYTES = 1 << 20;
    private static final int HIGH_BYTES = 1 << 16;
    private static final long HIGH_GPA = 4L << 30;
    private static final long HOST_HZ = 2_300_000_000L;
    private static final long SECOND_NANOS = 1_000_000_000;
    private static final int VCPUS = 2;
    private static final long[] PAGES = {0x1000, HIGH_GPA + 0x2044};
    private static final Instant NOW = Instant.parse("2026-11-28T12:00:00.25Z");

    private final MemorySegment low = Arena.ofAuto().allocate(LOW_BYTES, 4096);
    private final MemorySegment high = Arena.ofAuto().allocate(HIGH_BYTES, 4096);
    private final GuestMemory memory =
            new GuestMemory(List.of(new GuestMemory.Region(0, low), new GuestMemory.Region(HIGH_GPA, high)));
    private final AtomicLong hostTicks = new AtomicLong(9_000_000_000_000L);
    private final VirtualCounter counter = VirtualCounter.startingAt(hostTicks.get(), 0, HOST_HZ, 851_000_000);
    private final MemorySegment shared = Arena.ofAuto().allocate(CounterPage.SIZE_BYTES, CounterPage.SIZE_BYTES);
    private final KvmClock clock =
            new KvmClock(memory, hostTicks::get, () -> NOW, new CounterPage(shared, counter), VCPUS);

    @ParameterizedTest
    @ValueSource(ints = {MSR_KVM_SYSTEM_TIME, MSR_KVM_SYSTEM_TIME_NEW})
    void aVcpuThatNamesAPageReadsTheTimeThere(int msr) {
        clock.write(1, msr, PAGES[1] | 1);
        GuestClock guest = guest(1);
        assertThat(guest.version()).isPositive().isEven();
        assertThat(guest.flags()).isEqualTo((byte) 1);
        assertThat(guest.nanos()).isZero();
        hostTicks.addAndGet(10 * HOST_HZ);
        assertThat(guest.nanos()).isBetween(10 * SECOND_NANOS - 10, 10 * SECOND_NANOS);
        assertThat(clock.nanos()).isEqualTo(guest.nanos());
        assertThat(clock.read(1, msr)).isEqualTo(PAGES[1] | 1);
        assertThat(clock.read(0, msr)).isZero();
        assertThat(clock.refused()).isZero();
    }

    @Test
    void whenTheFactorsChangeAllVcpusGoOnTogether() {
        enableAll();
        hostTicks.addAndGet(3 * HOST_HZ + 17);
        long before = guest(0).nanos();
        clock.rescale(2 * HOST_HZ);
        for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
            assertThat(guest(vcpu).nanos()).isEqualTo(before);
        }
        hostTicks.addAndGet(2 * HOST_HZ);
        for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
            assertThat(guest(vcpu).nanos() - before).isBetween(SECOND_NANOS - 3, SECOND_NANOS);
        }
        long counted = clock.counter().counterAt(hostTicks.get());
        assertThat(counted).isBetween(851_000_000L * 4 - 10, 851_000_000L * 4 + 10);
        assertThat(clock.counter().nominalHz()).isEqualTo(851_000_000);
    }

    @Test
    void theCountersPageChangesAtTheSameTick() {
        enableAll();
        CounterReader reader = new CounterReader(shared, hostTicks::get);
        for (long hostHz : new long[] {HOST_HZ / 3, 2 * HOST_HZ, HOST_HZ}) {
            hostTicks.addAndGet(HOST_HZ / 7);
            clock.rescale(hostHz);
            assertThat(reader.snapshot()).isEqualTo(clock.counter());
            assertThat(clock.counter().hostBase()).isEqualTo(hostTicks.get());
            long nanos = guest(0).nanos();
            assertThat(reader.read() / 851e6 * 1e9).isCloseTo((double) nanos, within(10.0));
        }
    }

    @Test
    void onAnotherHostAllGoOnFromWhereTheyWere() {
        enableAll();
        CounterReader before = new CounterReader(shared, hostTicks::get);
        hostTicks.addAndGet(5 * HOST_HZ);
        long nanos = guest(0).nanos();
        long counted = before.read();
        AtomicLong otherTicks = new AtomicLong(77);
        long otherHz = 3_100_000_000L;
        clock.move(otherTicks::get, otherHz);
        CounterReader after = new CounterReader(shared, otherTicks::get);
        GuestClock guest = new GuestClock(page(1), otherTicks::get);
        assertThat(after.read()).isEqualTo(counted);
        assertThat(guest.nanos()).isEqualTo(nanos).isEqualTo(clock.nanos());
        otherTicks.addAndGet(otherHz);
        assertThat(after.read() - counted).isBetween(851_000_000L - 2, 851_000_000L);
        assertThat(guest.nanos() - nanos).isBetween(SECOND_NANOS - 3, SECOND_NANOS);
        assertThatThrownBy(() -> clock.move(hostTicks::get, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThat(clock.counter()).isEqualTo(after.snapshot());
    }

    @Test
    void aVcpuThatComesLaterReadsTheSameTime() {
        clock.write(0, MSR_KVM_SYSTEM_TIME_NEW, PAGES[0] | 1);
        hostTicks.addAndGet(HOST_HZ);
        clock.rescale(HOST_HZ / 3);
        hostTicks.addAndGet(HOST_HZ);
        clock.write(1, MSR_KVM_SYSTEM_TIME_NEW, PAGES[1] | 1);
        assertThat(guest(1).nanos()).isEqualTo(guest(0).nanos());
    }

    @Test
    void aFrequencyOutOfBoundsChangesNothing() {
        enableAll();
        int version = guest(0).version();
        assertThatThrownBy(() -> clock.rescale(1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(guest(0).version()).isEqualTo(version);
        assertThat(clock.counter()).isEqualTo(counter);
    }

    @Test
    void noVcpuEverReadsATimeBeforeOneThatWasReadOnAnother() throws Exception {
        enableAll();
        int reads = 2_000_000;
        AtomicLong furthest = new AtomicLong();
        AtomicInteger readersLeft = new AtomicInteger(VCPUS);
        try (ExecutorService threads = Executors.newFixedThreadPool(VCPUS)) {
            List<Future<?>> readers = new ArrayList<>();
            for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
                GuestClock guest = new GuestClock(page(vcpu), () -> hostTicks.addAndGet(50));
                readers.add(threads.submit(() -> {
                    try {
                        for (int read = 0; read < reads; read++) {
                            long before = furthest.get();
                            long nanos = guest.nanos();
                            if (nanos < before) {
                                throw new AssertionError("read " + nanos + " after " + before);
                            }
                            furthest.accumulateAndGet(nanos, Math::max);
                        }
                    } finally {
                        readersLeft.decrementAndGet();
                    }
                }));
            }
            int changes = 0;
            while (readersLeft.get() > 0) {
                clock.rescale(++changes % 2 == 0 ? HOST_HZ / 10 : HOST_HZ * 10);
                TimeUnit.MICROSECONDS.sleep(changes % 50);
            }
            for (Future<?> reader : readers) {
                reader.get();
            }
            assertThat(changes).isGreaterThanOrEqualTo(100);
        }
    }

    @ParameterizedTest
    @ValueSource(
            longs = {
                LOW_BYTES - 8, // ends outside
                LOW_BYTES,
                3L << 30,
                0xFEE0_0000L, // the local APIC's
                HIGH_GPA - 16,
                HIGH_GPA + HIGH_BYTES - 4,
                HIGH_GPA + HIGH_BYTES,
                0x1002, // not aligned
                0x7FFF_FFFF_FFFF_FFFCL,
                -4,
                -32,
                Long.MIN_VALUE
            })
    void anAddressThatCannotBeHadIsCountedAndTheClockStaysAway(long gpa) {
        enableAll();
        int version = guest(0).version();
        byte[] before = bytes();
        clock.write(0, MSR_KVM_SYSTEM_TIME_NEW, gpa | 1);
        assertThat(clock.refused()).isEqualTo(1);
        assertThat(clock.read(0, MSR_KVM_SYSTEM_TIME_NEW)).isEqualTo(gpa | 1);
        // Nor is the page written that it had before.
        clock.rescale(HOST_HZ / 2);
        assertThat(guest(0).version()).isEqualTo(version);
        clock.write(0, MSR_KVM_WALL_CLOCK_NEW, gpa);
        assertThat(clock.refused()).isEqualTo(2);
        clock.write(1, MSR_KVM_SYSTEM_TIME_NEW, 0);
        byte[] after = bytes();
        long pageBytes = PAGES[1] - HIGH_GPA + LOW_BYTES;
        for (int i = 0; i < before.length; i++) {
            if (i < pageBytes || i >= pageBytes + 32) {
                assertThat(after[i]).as("byte 0x%x", i).isEqualTo(before[i]);
            }
        }
    }

    @Test
    void thePageMayReachTheLastByteOfMemory() {
        clock.write(0, MSR_KVM_SYSTEM_TIME_NEW, LOW_BYTES - 32 | 1);
        clock.write(0, MSR_KVM_WALL_CLOCK_NEW, LOW_BYTES - 12);
        assertThat(clock.refused()).isZero();
        clock.write(0, MSR_KVM_SYSTEM_TIME_NEW, LOW_BYTES - 28 | 1);
        assertThat(clock.refused()).isEqualTo(1);
    }

    @Test
    void aClockThatIsDisabledIsNotWritten() {
        enableAll();
        clock.write(0, MSR_KVM_SYSTEM_TIME_NEW, PAGES[0]);
        int version = guest(0).version();
        clock.rescale(HOST_HZ / 2);
        assertThat(guest(0).version()).isEqualTo(version);
        assertThat(guest(1).version()).isGreaterThan(version);
        assertThat(clock.refused()).isZero();
    }

    @Test
    void aGuestMayNameItsPageAMillionTimes() {
        SplittableRandom random = new SplittableRandom(5);
        long refused = 0;
        for (int i = 0; i < 1_000_000; i++) {
            long gpa = 2 * random.nextLong(LOW_BYTES);
            refused += gpa % 4 == 0 && gpa + 32 <= LOW_BYTES ? 0 : 1;
            clock.write(i % VCPUS, MSR_KVM_SYSTEM_TIME, gpa | 1);
        }
        assertThat(clock.refused()).isEqualTo(refused);
        enableAll();
        assertThat(guest(0).nanos()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {MSR_KVM_WALL_CLOCK, MSR_KVM_WALL_CLOCK_NEW})
    void theWallClockIsTheHostsLessTheGuestsOwn(int msr) {
        hostTicks.addAndGet(HOST_HZ / 2);
        int gpa = 0x304;
        for (int version : new int[] {0, 7, -1, Integer.MAX_VALUE}) {
            low.set(JAVA_INT, gpa, version);
            clock.write(0, msr, gpa);
            assertThat(low.get(JAVA_INT, gpa)).isEven().isNotEqualTo(version);
            assertThat(low.get(JAVA_INT, gpa + 4)).isEqualTo((int) NOW.getEpochSecond() - 1);
            assertThat(low.get(JAVA_INT, gpa + 8)).isBetween(750_000_000, 750_000_010);
        }
        assertThat(clock.read(1, msr)).isEqualTo(gpa);
        assertThat(clock.refused()).isZero();
    }

    @Test
    void whatIsWrittenIsNoted() {
        WrittenPages written = new WrittenPages(memory.regions());
        memory.noteWrites(written);
        clock.write(0, MSR_KVM_SYSTEM_TIME_NEW, PAGES[0] | 1);
        clock.write(0, MSR_KVM_WALL_CLOCK_NEW, 0x5FF8);
        assertThat(written.bitmap(0).get(JAVA_LONG, 0)).isEqualTo(1L << 1 | 1L << 5 | 1L << 6);
    }

    private void enableAll() {
        for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
            clock.write(vcpu, MSR_KVM_SYSTEM_TIME_NEW, PAGES[vcpu] | 1);
        }
    }

    private GuestClock guest(int vcpu) {
        return new GuestClock(page(vcpu), hostTicks::get);
    }

    private MemorySegment page(int vcpu) {
        return memory.slice(PAGES[vcpu], 32);
    }

    private byte[] bytes() {
        MemorySegment all = MemorySegment.ofArray(new byte[LOW_BYTES + HIGH_BYTES]);
        MemorySegment.copy(low, 0, all, 0, LOW_BYTES);
        MemorySegment.copy(high, 0, all, LOW_BYTES, HIGH_BYTES);
        return all.toArray(JAVA_BYTE);
    }
}
