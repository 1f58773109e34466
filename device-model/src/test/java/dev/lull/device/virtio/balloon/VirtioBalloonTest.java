package dev.lull.device.virtio.balloon;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.memory.GuestMemory;
import dev.lull.device.virtio.Allocations;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.NotedWrites;
import dev.lull.device.virtio.RequestStats;
import dev.lull.device.virtio.TestContext;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.VirtioException;
import dev.lull.linux.Mapping;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a guest puts into the balloon or reports free leaves this process; what it may not name breaks the device. */
class VirtioBalloonTest {
    private static final int INFLATE = 0;
    private static final int DEFLATE = 1;
    private static final int STATISTICS = 2;
    private static final int REPORTING = 3;
    private static final long FEATURES = 1 << 1 | 1 << 5;

    private static final int PAGE = 4096;
    private static final int MIB = 1 << 20;

    /** The lower 16 MiB are the queues' and buffers'. */
    private static final long FREE_GPA = 16 * MIB;

    private static final long RAM_BYTES = 128 * MIB;
    private static final long HIGH_GPA = 1L << 32;

    private final Mapping low = Mapping.anonymous(RAM_BYTES);
    private final Mapping high = Mapping.anonymous(RAM_BYTES);
    private final TestGuest guest = new TestGuest(new GuestMemory(
            List.of(new GuestMemory.Region(0, low.segment()), new GuestMemory.Region(HIGH_GPA, high.segment()))));
    private final TestQueue inflate = new TestQueue(guest, 128);
    private final TestQueue deflate = new TestQueue(guest, 128);
    private final TestQueue statistics = new TestQueue(guest, 128);
    private final TestQueue reporting = new TestQueue(guest, 128);
    private final DeviceStats stats = DeviceStats.inMemory("balloon0", 9);
    private final VirtioBalloon balloon = new VirtioBalloon(
            new VirtioBalloon.Options(false, true, false, true, PAGE), stats, SystemNanoClock.INSTANCE);
    private final TestContext context = new TestContext(guest, FEATURES, inflate, deflate, statistics, reporting);

    @BeforeEach
    void activate() {
        context.activate(balloon);
    }

    @AfterEach
    void close() {
        context.close();
        balloon.close();
        low.close();
        high.close();
    }

    @Test
    void whatIsLostIsNoted() {
        touch(FREE_GPA, 4 * MIB);
        inflate.chain().readable(pages(FREE_GPA, PAGE)).publish();
        reporting.chain().writableAt(FREE_GPA + 2 * MIB, MIB).publish();
        NotedWrites writes = new NotedWrites(guest);
        balloon.notified(INFLATE);
        balloon.notified(REPORTING);
        writes.areOfAtLeast(512);
    }

    @Test
    void inflatedPagesLeaveTheProcess() {
        touch(FREE_GPA, 64 * MIB);
        touch(HIGH_GPA, 32 * MIB);
        long before = residentBytes();
        for (long gpa = FREE_GPA; gpa < FREE_GPA + 64 * MIB; gpa += MIB) {
            inflate(pages(gpa, PAGE));
        }
        for (long gpa = HIGH_GPA + 31 * MIB; gpa >= HIGH_GPA; gpa -= MIB) {
            inflate(pages(gpa + MIB - PAGE, -PAGE));
        }
        assertThat(before - residentBytes()).isBetween(76L * MIB, 104L * MIB);
        assertThat(at(FREE_GPA)).isZero();
        assertThat(at(FREE_GPA - 1)).isZero();
        assertThat(at(FREE_GPA + 64 * MIB)).isZero();
        RequestStats inflates = stats.requests().getFirst();
        assertThat(inflates.bytes()).isEqualTo(96 * MIB);
        assertThat(inflates.requests()).isEqualTo(96);
        assertThat(inflates.failures()).isZero();
    }

    @Test
    void onlyThePagesNamedAreLost() {
        touch(FREE_GPA, MIB);
        inflate(numbers(FREE_GPA + 3 * PAGE, FREE_GPA + 5 * PAGE, FREE_GPA + 4 * PAGE, FREE_GPA + 9 * PAGE));
        for (long page = 0; page < 256; page++) {
            boolean lost = (page >= 3 && page <= 5) || page == 9;
            assertThat(at(FREE_GPA + page * PAGE)).as("page %d", page).isEqualTo((byte) (lost ? 0 : 1));
            assertThat(at(FREE_GPA + page * PAGE + PAGE - 1)).isEqualTo((byte) (lost ? 0 : 1));
        }
    }

    @Test
    void pagesOfLargerOnesGoBackWhenAllOfThemDo() {
        try (VirtioBalloon large = new VirtioBalloon(
                new VirtioBalloon.Options(false, true, false, true, 2 * MIB),
                DeviceStats.inMemory("balloon1", 9),
                SystemNanoClock.INSTANCE)) {
            context.reset();
            context.activate(large);
            touch(FREE_GPA, 8 * MIB);
            reporting
                    .chain()
                    .writableAt(FREE_GPA + MIB, 3 * MIB)
                    .writableAt(FREE_GPA + 4 * MIB, 3 * MIB)
                    .publish();
            large.notified(REPORTING);
            assertThat(reporting.takeUsed()).isNotNull();
            assertThat(at(FREE_GPA + MIB)).isEqualTo((byte) 1);
            assertThat(at(FREE_GPA + 2 * MIB)).isZero();
            assertThat(at(FREE_GPA + 6 * MIB - 1)).isZero();
            assertThat(at(FREE_GPA + 6 * MIB)).isEqualTo((byte) 1);
        }
    }

    @Test
    void reportedPagesLeaveTheProcess() {
        touch(FREE_GPA, 64 * MIB);
        long before = residentBytes();
        TestQueue.Chain report = reporting.chain();
        for (int i = 0; i < 16; i++) {
            report.writableAt(FREE_GPA + i * 4L * MIB, 4 * MIB);
        }
        int head = report.publish();
        balloon.notified(REPORTING);
        assertThat(reporting.takeUsed()).isEqualTo(new TestQueue.Used(head, 0));
        assertThat(before - residentBytes()).isBetween(44L * MIB, 72L * MIB);
        assertThat(stats.requests().get(2).bytes()).isEqualTo(64 * MIB);
    }

    @Test
    void aReportOfPartsOfPagesReturnsTheWholeOnes() {
        touch(FREE_GPA, MIB);
        reporting.chain().writableAt(FREE_GPA + 1, 3 * PAGE).publish();
        reporting.chain().writableAt(FREE_GPA + 8 * PAGE + 1, PAGE).publish();
        balloon.notified(REPORTING);
        assertThat(at(FREE_GPA + PAGE - 1)).isEqualTo((byte) 1);
        assertThat(at(FREE_GPA + PAGE)).isZero();
        assertThat(at(FREE_GPA + 3 * PAGE)).isEqualTo((byte) 1);
        assertThat(at(FREE_GPA + 9 * PAGE)).isEqualTo((byte) 1);
    }

    @Test
    void deflatedPagesAreTheGuestsAgain() {
        touch(FREE_GPA, MIB);
        inflate(pages(FREE_GPA, PAGE));
        int head = deflate.chain().readable(pages(FREE_GPA, PAGE)).publish();
        balloon.notified(DEFLATE);
        assertThat(deflate.takeUsed()).isEqualTo(new TestQueue.Used(head, 0));
        touch(FREE_GPA, MIB);
        assertThat(at(FREE_GPA)).isEqualTo((byte) 1);
    }

    @Test
    void aPageOutsideMemoryBreaksTheDevice() {
        for (long gpa : new long[] {RAM_BYTES, HIGH_GPA - PAGE, HIGH_GPA + RAM_BYTES, 0xFFFF_FFFFL * PAGE}) {
            for (int queue : new int[] {INFLATE, DEFLATE}) {
                context.reset();
                inflate.reset();
                deflate.reset();
                context.activate(balloon);
                (queue == INFLATE ? inflate : deflate)
                        .chain()
                        .readable(numbers(FREE_GPA, gpa))
                        .publish();
                assertThatThrownBy(() -> balloon.notified(queue))
                        .isInstanceOf(VirtioException.class)
                        .hasMessageContaining("not in guest memory");
            }
        }
    }

    @Test
    void requestsOfTheWrongShapeBreakTheDevice() {
        inflate.chain().readable(new byte[6]).publish();
        assertThatThrownBy(() -> balloon.notified(INFLATE)).hasMessageContaining("not an array of page numbers");
        deflate.chain().writable(4).publish();
        assertThatThrownBy(() -> balloon.notified(DEFLATE)).hasMessageContaining("not an array of page numbers");
        reporting.chain().readable(new byte[4096]).publish();
        assertThatThrownBy(() -> balloon.notified(REPORTING)).hasMessageContaining("device-readable buffer");
        statistics.chain().writable(10).publish();
        assertThatThrownBy(() -> balloon.notified(STATISTICS)).hasMessageContaining("device-writable buffer");
    }

    @Test
    void aRequestOfManyPagesLeavesTheLoopItsTurns() {
        guest.at(FREE_GPA, MIB).fill((byte) 0);
        inflate.chain().readableAt(FREE_GPA, MIB).publish();
        balloon.notified(INFLATE);
        assertThat(inflate.takeUsed()).isNull();
        context.turn();
        assertThat(inflate.takeUsed()).isNull();
        context.turnUntil(() -> inflate.takeUsed() != null);
    }

    @Test
    void theTargetAndTheActualSizeAreInTheConfiguration() {
        assertThat(balloon.targetBytes()).isZero();
        balloon.setTarget(128L * MIB + 1);
        assertThat(context.configChanges()).isEqualTo(1);
        assertThat(balloon.readConfig(0, 4)).isEqualTo(32768);
        balloon.writeConfig(4, 4, 100);
        balloon.writeConfig(0, 4, 7);
        balloon.writeConfig(4, 1, 7);
        balloon.writeConfig(Integer.MAX_VALUE, 4, 7);
        assertThat(balloon.targetBytes()).isEqualTo(128L * MIB);
        assertThat(balloon.actualBytes()).isEqualTo(100L * PAGE);
        assertThat(balloon.readConfig(4, 4)).isEqualTo(100);
        assertThat(balloon.readConfig(5, 4)).isZero();
        assertThat(balloon.readConfig(-1, 1)).isZero();
        balloon.setTarget(0xFFFF_FFFFL * PAGE);
        assertThat(balloon.targetBytes()).isEqualTo(0xFFFF_FFFFL * PAGE);
        assertThatThrownBy(() -> balloon.setTarget(-1)).hasMessage("a balloon of -1 bytes");
        assertThatThrownBy(() -> balloon.setTarget(1L << 44)).isInstanceOf(IllegalArgumentException.class);
        context.reset();
        assertThat(balloon.actualBytes()).isZero();
    }

    @Test
    void statisticsAreAskedForAgainAndAgain() {
        assertThat(balloon.statistics().value(Statistic.FREE_BYTES)).isEqualTo(OptionalLong.empty());
        int head =
                statistics.chain().readable(statistics(4, 100, 77, 1, 5, 200)).publish();
        balloon.notified(STATISTICS);
        assertThat(balloon.statistics().value(Statistic.FREE_BYTES)).hasValue(100);
        assertThat(balloon.statistics().value(Statistic.TOTAL_BYTES)).hasValue(200);
        assertThat(balloon.statistics().value(Statistic.SWAP_IN_BYTES)).isEmpty();
        context.turn();
        assertThat(statistics.takeUsed()).isNull();
        balloon.setStatisticsInterval(1_000_000);
        for (int i = 0; i < 3; i++) {
            TestQueue.Used[] used = new TestQueue.Used[1];
            context.turnUntil(() -> (used[0] = statistics.takeUsed()) != null);
            assertThat(used[0]).isEqualTo(new TestQueue.Used(head, 0));
            int free = i;
            head = statistics.chain().readable(statistics(4, free)).publish();
            balloon.notified(STATISTICS);
            assertThat(balloon.statistics().value(Statistic.FREE_BYTES)).hasValue(free);
        }
        balloon.setStatisticsInterval(0);
        context.turn();
        context.reset();
        assertThat(balloon.statistics().value(Statistic.FREE_BYTES)).isEmpty();
    }

    @Test
    void queuesMoveUpWhereAFeatureIsNotWanted() {
        try (TestContext noStatistics = new TestContext(guest, 1 << 5, inflate, deflate, reporting)) {
            context.reset();
            noStatistics.activate(balloon);
            touch(FREE_GPA, MIB);
            reporting.chain().writableAt(FREE_GPA, MIB).publish();
            balloon.notified(2);
            assertThat(at(FREE_GPA)).isZero();
            balloon.setStatisticsInterval(1);
            noStatistics.turn();
        }
    }

    @Test
    void newerStatisticsAreReadWhereTheGuestSendsThem() {
        statistics.chain().readable(statistics(10, 1, 15, 6, 16, 7, 65535, 8)).publish();
        balloon.notified(STATISTICS);
        assertThat(balloon.statistics().value(Statistic.OOM_KILLS)).hasValue(1);
        assertThat(balloon.statistics().value(Statistic.DIRECT_RECLAIMED_BYTES)).hasValue(6);
        assertThat(balloon.statistics().value(Statistic.ALLOCATION_STALLS)).isEmpty();
    }

    @Test
    void aNewIntervalAsksAtOnce() {
        statistics.chain().readable(statistics(4, 100)).publish();
        balloon.notified(STATISTICS);
        balloon.setStatisticsInterval(3_600_000_000_000L);
        assertThat(balloon.statisticsIntervalNanos()).isEqualTo(3_600_000_000_000L);
        context.turnUntil(() -> statistics.takeUsed() != null);
        statistics.chain().readable(statistics(4, 200)).publish();
        balloon.notified(STATISTICS);
        context.turn();
        assertThat(statistics.takeUsed()).isNull();
        assertThatThrownBy(() -> balloon.setStatisticsInterval(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatWasNotAskedForIsNotOffered() {
        try (VirtioBalloon plain = new VirtioBalloon(
                new VirtioBalloon.Options(false, false, false, false, PAGE),
                DeviceStats.inMemory("b", 9),
                SystemNanoClock.INSTANCE)) {
            assertThat(plain.features()).isZero();
            assertThat(plain.queueSizes()).hasSize(2);
            assertThat(plain.statistics().value(Statistic.FREE_BYTES)).isEmpty();
            assertThat(plain.statisticsIntervalNanos()).isZero();
            assertThatThrownBy(() -> plain.setStatisticsInterval(1)).isInstanceOf(IllegalStateException.class);
            context.reset();
            try (TestContext bare = new TestContext(guest, 0, inflate, deflate)) {
                bare.activate(plain);
                touch(FREE_GPA, MIB);
                inflate.chain().readable(pages(FREE_GPA, PAGE)).publish();
                plain.notified(INFLATE);
                assertThat(at(FREE_GPA)).isZero();
                bare.reset();
            }
        }
        try (VirtioBalloon reporting = new VirtioBalloon(
                new VirtioBalloon.Options(false, false, false, true, PAGE),
                DeviceStats.inMemory("b", 9),
                SystemNanoClock.INSTANCE)) {
            assertThat(reporting.features()).isEqualTo(1 << 5);
            assertThat(reporting.queueSizes()).hasSize(3);
        }
    }

    @Test
    void deflatingWithoutLeaveIsOfferedOnRequest() {
        assertThat(balloon.features() & 1 << 2).isZero();
        try (VirtioBalloon other = new VirtioBalloon(
                new VirtioBalloon.Options(true, true, false, true, PAGE),
                DeviceStats.inMemory("b", 9),
                SystemNanoClock.INSTANCE)) {
            assertThat(other.features() & 1 << 2).isNotZero();
        }
    }

    @Test
    @Tag("allocation")
    void nothingIsAllocatedForARequest() {
        long numbers = guest.allocate(MIB / PAGE * 4, 4);
        MemorySegment.copy(pages(FREE_GPA, PAGE), 0, guest.at(numbers, 1024), JAVA_BYTE, 0, 1024);
        inflate.descriptor(0, numbers, 1024, 0, 0);
        reporting.descriptor(0, FREE_GPA, MIB, TestQueue.WRITE, 0);
        Allocations.assertNone(() -> {
            for (int i = 0; i < 5_000; i++) {
                inflate.publish(0);
                balloon.notified(INFLATE);
                reporting.publish(0);
                balloon.notified(REPORTING);
            }
        });
    }

    private void inflate(byte[] pageNumbers) {
        int head = inflate.chain().readable(pageNumbers).publish();
        balloon.notified(INFLATE);
        assertThat(inflate.takeUsed()).isEqualTo(new TestQueue.Used(head, 0));
    }

    /** The numbers of a MiB of pages from {@code gpa} on, in steps. */
    private static byte[] pages(long gpa, long step) {
        long[] addresses = new long[MIB / PAGE];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = gpa + i * step;
        }
        return numbers(addresses);
    }

    private static byte[] numbers(long... gpas) {
        ByteBuffer numbers = ByteBuffer.allocate(4 * gpas.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long gpa : gpas) {
            numbers.putInt((int) (gpa / PAGE));
        }
        return numbers.array();
    }

    private static byte[] statistics(long... tagsAndValues) {
        ByteBuffer entries = ByteBuffer.allocate(5 * tagsAndValues.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < tagsAndValues.length; i += 2) {
            entries.putShort((short) tagsAndValues[i]).putLong(tagsAndValues[i + 1]);
        }
        return entries.array();
    }

    private void touch(long gpa, long lengthBytes) {
        guest.at(gpa, lengthBytes).fill((byte) 1);
    }

    private byte at(long gpa) {
        return guest.at(gpa, 1).get(JAVA_BYTE, 0);
    }

    /** Field 2 of {@code /proc/self/statm}, proc(5). */
    private static long residentBytes() {
        try {
            return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ", -1)[1]) * PAGE;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
