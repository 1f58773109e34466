package dev.lull.device.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.backend.DiskEngine;
import dev.lull.device.virtio.Allocations;
import dev.lull.device.virtio.NotedWrites;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.TokenBucket;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.VirtioFeature;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The block device does what virtio 1.2 §5.2 says, and says so where it does not. */
class VirtioBlockTest {
    private static final int SECTORS = 2048;
    private static final byte[] NOTHING = {};

    @TempDir
    Path directory;

    private Path path;
    private BlockDriver driver;

    @BeforeEach
    void begin() throws Exception {
        path = BlockDriver.image(directory, SECTORS * 512L);
        driver = new BlockDriver(path);
    }

    @AfterEach
    void end() {
        driver.close();
    }

    private void restart(BlockDriver replacement) {
        driver = replacement;
    }

    private static byte[] pattern(int length, int seed) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + seed + i / 512);
        }
        return bytes;
    }

    @Test
    void whatItWritesIsNoted() throws Exception {
        Files.write(path, pattern(SECTORS * 512, 3));
        for (int i = 0; i < 20; i++) {
            driver.chain(BlockLayout.T_IN, i, NOTHING, 10_240).publish();
        }
        driver.chain(BlockLayout.T_GET_ID, 0, NOTHING, 20).publish();
        driver.chain(BlockLayout.T_IN, SECTORS, NOTHING, 512).publish();
        NotedWrites writes = new NotedWrites(driver.guest);
        for (int i = 0; i < 22; i++) {
            driver.await();
        }
        writes.areOfAtLeast(40);
    }

    @Test
    void whatIsReadDuringAResetIsNoted() throws Exception {
        Files.write(path, pattern(SECTORS * 512, 3));
        driver.close();
        restart(new BlockDriver(
                path,
                false,
                BlockDriver.FEATURES,
                RateLimiter.unlimited(),
                SystemNanoClock.INSTANCE,
                DiskEngine.Kind.THREAD_POOL));
        boolean underWay = false;
        for (int round = 0; round < 50 && !underWay; round++) {
            // Too much to be read at once.
            driver.chain(BlockLayout.T_IN, round, NOTHING, 700 << 10).publish();
            NotedWrites writes = new NotedWrites(driver.guest);
            driver.block.notified(0);
            underWay = driver.block.requestsUnderWay() > 0;
            driver.context.reset();
            assertThat(driver.block.requestsUnderWay()).isZero();
            writes.areOfAtLeast(175);
            driver.queues[0].reset();
            driver.context.activate(driver.block);
        }
        assertThat(underWay).isTrue();
    }

    @Test
    void dataIsWrittenAndReadBack() throws Exception {
        byte[] data = pattern(4096, 1);
        assertThat(driver.request(BlockLayout.T_OUT, 8, data, 0)).isEqualTo(BlockLayout.S_OK);
        TestQueue.Chain read = driver.chain(BlockLayout.T_IN, 8, NOTHING, 4096);
        int head = read.publish();
        assertThat(driver.await()).isEqualTo(new TestQueue.Used(head, 4097));
        assertThat(read.bytes(1)).isEqualTo(data);
        assertThat(read.bytes(2)).containsExactly(BlockLayout.S_OK);
        assertThat(Arrays.copyOfRange(Files.readAllBytes(path), 4096, 8192)).isEqualTo(data);
        assertThat(driver.requests(0).bytes()).isEqualTo(4096);
        assertThat(driver.requests(1).requests()).isEqualTo(1);
    }

    @Test
    void piecesMayBeCutAnywhere() {
        byte[] data = pattern(1024, 2);
        byte[] header = BlockDriver.header(BlockLayout.T_OUT, 3);
        TestQueue.Chain write = driver.queues[0]
                .chain()
                .readable(Arrays.copyOf(header, 7))
                .readable(concat(Arrays.copyOfRange(header, 7, 16), Arrays.copyOf(data, 100)))
                .readable(Arrays.copyOfRange(data, 100, 101))
                .readable(Arrays.copyOfRange(data, 101, 1024))
                .writable(1)
                .indirect();
        write.publish();
        driver.await();
        assertThat(write.bytes(4)).containsExactly(BlockLayout.S_OK);
        TestQueue.Chain read = driver.queues[0]
                .chain()
                .readable(BlockDriver.header(BlockLayout.T_IN, 3))
                .writable(1000)
                .writable(25);
        read.publish();
        driver.await();
        assertThat(read.bytes(1)).isEqualTo(Arrays.copyOf(data, 1000));
        assertThat(Arrays.copyOf(read.bytes(2), 24)).isEqualTo(Arrays.copyOfRange(data, 1000, 1024));
        assertThat(BlockDriver.status(read)).isEqualTo(BlockLayout.S_OK);
    }

    private static byte[] concat(byte[] one, byte[] other) {
        byte[] both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }

    @ParameterizedTest
    @CsvSource({
        "0, 2048, 512",
        "0, 2047, 1024",
        "0, -1, 512",
        "0, 9223372036854775807, 512",
        "0, 36028797018963968, 512",
        "0, 0, 511",
        "0, 0, 513",
        "1, 2048, 512",
        "1, 2044, 4096",
        "1, 0, 100",
        "1, 72057594037927935, 512"
    })
    void whatIsNotOnTheDiskIsAnError(int type, long sector, int bytes) throws Exception {
        boolean out = type == BlockLayout.T_OUT;
        assertThat(driver.request(type, sector, out ? pattern(bytes, 9) : NOTHING, out ? 0 : bytes))
                .isEqualTo(BlockLayout.S_IOERR);
        assertThat(driver.requests(type).failures()).isEqualTo(1);
        assertThat(Files.readAllBytes(path)).containsOnly(0).hasSize(SECTORS * 512);
    }

    @Test
    void theLastSectorAndNothingAtAllAreOnTheDisk() {
        assertThat(driver.request(BlockLayout.T_OUT, SECTORS - 1, pattern(512, 1), 0))
                .isEqualTo(BlockLayout.S_OK);
        assertThat(driver.request(BlockLayout.T_IN, SECTORS, NOTHING, 0)).isEqualTo(BlockLayout.S_OK);
        assertThat(driver.request(BlockLayout.T_OUT, SECTORS + 1, NOTHING, 0)).isEqualTo(BlockLayout.S_IOERR);
    }

    @ParameterizedTest
    @CsvSource({"2", "3", "5", "10", "14", "-1", "2147483647", "65536"})
    void otherRequestsAreNotSupported(int type) {
        assertThat(driver.request(type, 0, NOTHING, 512)).isEqualTo(BlockLayout.S_UNSUPP);
    }

    @Test
    void theSerialNumberHasTwentyBytes() {
        TestQueue.Chain id = driver.chain(BlockLayout.T_GET_ID, 0, NOTHING, 20);
        int head = id.publish();
        assertThat(driver.await()).isEqualTo(new TestQueue.Used(head, 21));
        assertThat(new String(id.bytes(1), StandardCharsets.US_ASCII)).isEqualTo("a serial number of 2");
        TestQueue.Chain shorter = driver.chain(BlockLayout.T_GET_ID, 0, NOTHING, 3);
        head = shorter.publish();
        assertThat(driver.await()).isEqualTo(new TestQueue.Used(head, 4));
        assertThat(new String(shorter.bytes(1), StandardCharsets.US_ASCII)).isEqualTo("a s");
    }

    @Test
    void aRequestWithoutHeaderOrStatusBreaksTheDevice() {
        driver.queues[0].chain().readable(new byte[15]).writable(512).publish();
        assertThatThrownBy(() -> driver.block.notified(0))
                .isInstanceOf(VirtioException.class)
                .hasMessageContaining("header");
        driver.queues[1]
                .chain()
                .readable(BlockDriver.header(BlockLayout.T_FLUSH, 0))
                .publish();
        assertThatThrownBy(() -> driver.block.notified(1))
                .isInstanceOf(VirtioException.class)
                .hasMessageContaining("status");
    }

    @Test
    void rangesAreDiscardedAndZeroed() throws Exception {
        driver.request(BlockLayout.T_OUT, 0, pattern(64 << 10, 5), 0);
        assertThat(driver.request(
                        BlockLayout.T_WRITE_ZEROES, 0, BlockDriver.ranges(0, 8, 0, 16, 8, 1, 30, 0, 0, 40, 1, 1), 0))
                .isEqualTo(BlockLayout.S_OK);
        byte[] expected = pattern(64 << 10, 5);
        Arrays.fill(expected, 0, 8 * 512, (byte) 0);
        Arrays.fill(expected, 16 * 512, 24 * 512, (byte) 0);
        Arrays.fill(expected, 40 * 512, 41 * 512, (byte) 0);
        assertThat(Arrays.copyOf(Files.readAllBytes(path), 64 << 10)).isEqualTo(expected);
        assertThat(driver.request(BlockLayout.T_DISCARD, 0, BlockDriver.ranges(64, 64, 0), 0))
                .isEqualTo(BlockLayout.S_OK);
        assertThat(Arrays.copyOf(Files.readAllBytes(path), 32 << 10)).isEqualTo(Arrays.copyOf(expected, 32 << 10));
        assertThat(Files.size(path)).isEqualTo(SECTORS * 512);
    }

    @ParameterizedTest
    @CsvSource({
        "11, 0, 8, 1, 2",
        "11, 0, 8, 2, 2",
        "13, 0, 8, 2, 2",
        "13, 0, 8, -2147483648, 2",
        "11, 2048, 1, 0, 1",
        "13, 2047, 2, 0, 1",
        "13, -1, 1, 0, 1",
        "13, 0, -1, 0, 1",
        "11, 9223372036854775807, 1, 0, 1"
    })
    void wrongRangesAreRefusedBeforeAnyIsCarriedOut(int type, long sector, long sectors, int flags, int status)
            throws Exception {
        driver.request(BlockLayout.T_OUT, 0, pattern(4096, 5), 0);
        assertThat(driver.request(type, 0, BlockDriver.ranges(0, 8, 0, sector, sectors, flags), 0))
                .isEqualTo(status);
        assertThat(Arrays.copyOf(Files.readAllBytes(path), 4096)).isEqualTo(pattern(4096, 5));
    }

    @ParameterizedTest
    @CsvSource({"0", "15", "17", "272"})
    void rangesThatAreNoneAreRefused(int bytes) {
        assertThat(driver.request(BlockLayout.T_DISCARD, 0, new byte[bytes], 0)).isEqualTo(BlockLayout.S_IOERR);
        assertThat(driver.request(BlockLayout.T_WRITE_ZEROES, 0, new byte[bytes], 0))
                .isEqualTo(BlockLayout.S_IOERR);
    }

    @Test
    void aReadOnlyDiskIsNotWritten() throws Exception {
        driver.close();
        Files.write(path, pattern(SECTORS * 512, 3));
        restart(new BlockDriver(path, true, BlockDriver.FEATURES));
        assertThat(driver.block.features() >>> BlockLayout.F_RO & 1).isEqualTo(1);
        assertThat(driver.block.features() >>> BlockLayout.F_DISCARD & 3).isZero();
        assertThat(driver.request(BlockLayout.T_OUT, 0, pattern(512, 1), 0)).isEqualTo(BlockLayout.S_IOERR);
        assertThat(driver.request(BlockLayout.T_WRITE_ZEROES, 0, BlockDriver.ranges(0, 8, 0), 0))
                .isEqualTo(BlockLayout.S_IOERR);
        assertThat(driver.request(BlockLayout.T_FLUSH, 0, NOTHING, 0)).isEqualTo(BlockLayout.S_OK);
        assertThat(driver.request(BlockLayout.T_IN, 0, NOTHING, 512)).isEqualTo(BlockLayout.S_OK);
        assertThat(Files.readAllBytes(path)).isEqualTo(pattern(SECTORS * 512, 3));
    }

    @Test
    void theConfigurationSaysWhatTheDeviceCan() {
        VirtioBlock block = driver.block;
        assertThat(block.readConfig(BlockLayout.CAPACITY, 4)).isEqualTo(SECTORS);
        assertThat(block.readConfig(BlockLayout.CAPACITY + 4, 4)).isZero();
        assertThat(block.readConfig(BlockLayout.SEG_MAX, 4)).isEqualTo(254);
        assertThat(block.readConfig(BlockLayout.BLK_SIZE, 4)).isEqualTo(512);
        assertThat(block.readConfig(BlockLayout.TOPOLOGY_PHYSICAL_BLOCK_EXP, 1)).isEqualTo(3);
        assertThat(block.readConfig(BlockLayout.NUM_QUEUES, 2)).isEqualTo(2);
        assertThat(block.readConfig(BlockLayout.MAX_DISCARD_SEG, 4)).isEqualTo(16);
        assertThat(block.readConfig(BlockLayout.CONFIG_BYTES - 1, 4)).isZero();
        assertThat(block.readConfig(-1, 1)).isZero();
        assertThat(block.readConfig(4095, 4)).isZero();
        assertThat(block.queueSizes()).containsExactly(256, 256);
        assertThat(block.type()).isEqualTo(2);
    }

    @Test
    void theDriverChoosesTheCacheUntilItResets() {
        VirtioBlock block = driver.block;
        assertThat(block.readConfig(BlockLayout.WRITEBACK, 1)).isEqualTo(1);
        block.writeConfig(BlockLayout.WRITEBACK, 1, 0);
        block.writeConfig(BlockLayout.CAPACITY, 4, 99);
        assertThat(block.readConfig(BlockLayout.CAPACITY, 4)).isEqualTo(SECTORS);
        assertThat(block.readConfig(BlockLayout.WRITEBACK, 1)).isZero();
        assertThat(driver.request(BlockLayout.T_OUT, 0, pattern(512, 1), 0)).isEqualTo(BlockLayout.S_OK);
        assertThat(driver.request(BlockLayout.T_WRITE_ZEROES, 0, BlockDriver.ranges(0, 8, 1), 0))
                .isEqualTo(BlockLayout.S_OK);
        driver.context.reset();
        assertThat(block.readConfig(BlockLayout.WRITEBACK, 1)).isEqualTo(1);
    }

    @Test
    void withoutFlushesThereIsNoWriteback() {
        driver.close();
        restart(new BlockDriver(path, false, 1L << BlockLayout.F_CONFIG_WCE));
        assertThat(driver.block.readConfig(BlockLayout.WRITEBACK, 1)).isZero();
        assertThat(driver.request(BlockLayout.T_OUT, 0, pattern(512, 1), 0)).isEqualTo(BlockLayout.S_OK);
    }

    @Test
    void aChangedSizeIsToldToTheDriver() throws Exception {
        BlockDriver.image(directory, 2 * SECTORS * 512L);
        assertThat(driver.request(BlockLayout.T_IN, SECTORS, NOTHING, 512)).isEqualTo(BlockLayout.S_IOERR);
        driver.block.resize();
        assertThat(driver.context.configChanges()).isEqualTo(1);
        assertThat(driver.block.readConfig(BlockLayout.CAPACITY, 4)).isEqualTo(2 * SECTORS);
        assertThat(driver.request(BlockLayout.T_IN, SECTORS, NOTHING, 512)).isEqualTo(BlockLayout.S_OK);
    }

    @Test
    void aFileThatShrankIsAnErrorToTheGuestAlone() throws Exception {
        BlockDriver.image(directory, 4096);
        assertThat(driver.request(BlockLayout.T_IN, 8, NOTHING, 512)).isEqualTo(BlockLayout.S_IOERR);
        assertThat(driver.request(BlockLayout.T_IN, 4, NOTHING, 4096)).isEqualTo(BlockLayout.S_IOERR);
        assertThat(driver.request(BlockLayout.T_IN, 0, NOTHING, 4096)).isEqualTo(BlockLayout.S_OK);
        assertThat(driver.requests(0).failures()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource
    void aFullQueueOfEveryKindEndsWithOneInterruptABatch(DiskEngine.Kind kind) {
        driver.close();
        restart(new BlockDriver(path, false, BlockDriver.FEATURES, RateLimiter.unlimited(), new SlowClock(), kind));
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 64; i++) {
                driver.chain(BlockLayout.T_OUT, i * 8L, pattern(512, i), 0).publish();
            }
            driver.block.notified(0);
            for (int i = 0; i < 64; i++) {
                driver.await(driver.queues[0]);
            }
        }
        assertThat(driver.queues[0].interrupts()).isLessThan(20 * 64);
        assertThat(driver.requests(1).requests()).isEqualTo(20 * 64);
        assertThat(driver.requests(1).failures()).isZero();
        assertThat(driver.requests(1).nanos().getTotalCount()).isEqualTo(20 * 64);
    }

    /** A clock that makes every request seem slow, so that none is carried out at once. */
    private static final class SlowClock implements NanoClock {
        private long nanos;

        @Override
        public long nanoTime() {
            nanos += 1L << 40;
            return nanos;
        }
    }

    @Test
    void moreThanThereAreRequestsForWait() {
        byte[] header = BlockDriver.header(BlockLayout.T_IN, 0);
        long headerGpa = driver.guest.allocate(16, 8);
        driver.guest.at(headerGpa, 16).copyFrom(MemorySegment.ofArray(header));
        for (TestQueue queue : driver.queues) {
            for (int i = 0; i < 256; i++) {
                long table = driver.guest.allocate(48, 16);
                TestQueue.putDescriptor(driver.guest.at(table, 48), 0, headerGpa, 16, TestQueue.NEXT, 1);
                TestQueue.putDescriptor(driver.guest.at(table, 48), 1, TestGuest.HIGH_GPA, 513, TestQueue.WRITE, 0);
                queue.descriptor(i, table, 32, TestQueue.INDIRECT, 0);
                queue.publish(i);
            }
        }
        driver.block.notified(0);
        driver.block.notified(1);
        for (TestQueue queue : driver.queues) {
            for (int i = 0; i < 256; i++) {
                assertThat(driver.await(queue).writtenBytes()).isEqualTo(513);
            }
        }
    }

    @Test
    void aDriverThatNeverWaitsDoesNotKeepTheLoop() {
        driver.close();
        int[] reads = {0};
        TestQueue[] endless = new TestQueue[1];
        restart(new BlockDriver(
                path,
                false,
                BlockDriver.FEATURES,
                RateLimiter.unlimited(),
                () -> {
                    // Each write reads the clock twice, and once it is told to the driver makes another.
                    if (endless[0] != null && (reads[0]++ & 1) == 0) {
                        endless[0].publish(0);
                    }
                    return 0;
                },
                DiskEngine.Kind.IO_URING));
        driver.chain(BlockLayout.T_OUT, 0, pattern(512, 1), 0).publish();
        endless[0] = driver.queues[0];
        driver.block.notified(0);
        assertThat(driver.requests(1).requests()).isEqualTo(VirtioBlock.QUEUE_SIZE);
        endless[0] = null;
        driver.context.turnUntil(() -> driver.requests(1).requests() == VirtioBlock.QUEUE_SIZE + 1);
    }

    @Test
    void limitedRequestsGoOnWhenItIsTime() {
        driver.close();
        restart(new BlockDriver(
                path,
                false,
                BlockDriver.FEATURES,
                new RateLimiter(
                        "disk0",
                        new TokenBucket(1024, 0, 30_000_000, SystemNanoClock.INSTANCE),
                        new TokenBucket(100, 0, 1_000_000, SystemNanoClock.INSTANCE)),
                SystemNanoClock.INSTANCE,
                DiskEngine.Kind.IO_URING));
        for (int i = 0; i < 4; i++) {
            driver.chain(BlockLayout.T_IN, 0, NOTHING, 1024).publish();
        }
        long start = System.nanoTime();
        driver.block.notified(0);
        assertThat(driver.queues[0].takeUsed()).isNotNull();
        assertThat(driver.queues[0].takeUsed()).isNull();
        for (int i = 0; i < 3; i++) {
            driver.await(driver.queues[0]);
        }
        assertThat(System.nanoTime() - start).isGreaterThan(3 * 30_000_000L - 5_000_000L);
    }

    @Test
    void aLimitThatIsLiftedLetsWaitingRequestsGo() {
        driver.block.limiter().limitBytes(new TokenBucket(512, 0, 1L << 40, SystemNanoClock.INSTANCE));
        driver.context.turn();
        for (int i = 0; i < 3; i++) {
            driver.chain(BlockLayout.T_IN, 0, NOTHING, 512).publish();
        }
        driver.block.notified(0);
        assertThat(driver.queues[0].takeUsed()).isNotNull();
        driver.context.turn();
        assertThat(driver.queues[0].takeUsed()).isNull();
        driver.block.limiter().limitBytes(null);
        driver.await(driver.queues[0]);
        driver.await(driver.queues[0]);
    }

    @ParameterizedTest
    @EnumSource
    void aResetWaitsForWhatIsUnderWayAndTouchesNoQueue(DiskEngine.Kind kind) {
        driver.close();
        restart(new BlockDriver(path, false, BlockDriver.FEATURES, RateLimiter.unlimited(), new SlowClock(), kind));
        for (int round = 0; round < 50; round++) {
            for (int i = 0; i < 16; i++) {
                driver.chain(BlockLayout.T_OUT, i * 8L, pattern(4096, i), 0).publish();
                driver.chain(BlockLayout.T_WRITE_ZEROES, 0, BlockDriver.ranges(9, 1, 0, 99, 1, 0), 0)
                        .publish();
            }
            driver.block.notified(0);
            int shown = 0;
            while (driver.queues[0].takeUsed() != null) {
                shown++;
            }
            driver.context.reset();
            assertThat(driver.queues[0].takeUsed())
                    .as("used after %d and a reset", shown)
                    .isNull();
            driver.block.notified(0);
            driver.queues[0].reset();
            driver.context.activate(driver.block);
        }
        assertThat(driver.request(BlockLayout.T_IN, 0, NOTHING, 512)).isEqualTo(BlockLayout.S_OK);
    }

    @ParameterizedTest
    @Tag("allocation")
    @CsvSource({"0", "536870912"})
    void nothingIsAllocatedForARequest(long eventIndex) {
        driver.close();
        assertThat(eventIndex == 0 || eventIndex == 1L << VirtioFeature.EVENT_IDX)
                .isTrue();
        // For a clock that stands still nothing takes long, and all is done at once.
        restart(new BlockDriver(
                path,
                false,
                BlockDriver.FEATURES | eventIndex,
                RateLimiter.unlimited(),
                () -> 0,
                DiskEngine.Kind.IO_URING));
        TestQueue queue = driver.queues[0];
        long gpa = driver.guest.allocate(8192, 4096);
        for (int i = 0; i < 2; i++) {
            driver.guest
                    .at(gpa + 16L * i, 16)
                    .copyFrom(MemorySegment.ofArray(
                            BlockDriver.header(i == 0 ? BlockLayout.T_IN : BlockLayout.T_OUT, 8)));
            queue.descriptor(3 * i, gpa + 16L * i, 16, TestQueue.NEXT, 3 * i + 1);
            queue.descriptor(3 * i + 1, gpa + 4096, 4096, TestQueue.NEXT | (i == 0 ? TestQueue.WRITE : 0), 3 * i + 2);
            queue.descriptor(3 * i + 2, gpa + 64, 1, TestQueue.WRITE, 0);
        }
        Allocations.assertNone(() -> {
            for (int i = 0; i < 4000; i++) {
                queue.publish(0);
                queue.publish(3);
                driver.block.notified(0);
            }
        });
        assertThat(driver.requests(0).requests()).isGreaterThanOrEqualTo(4000);
        assertThat(driver.requests(1).failures()).isZero();
    }
}
