package dev.lull.device.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.backend.DiskEngine;
import dev.lull.device.backend.DiskException;
import dev.lull.device.backend.DiskImage;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.TestQueue;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A disk's image gives its place to another while the disk is in use; every request is carried out on one of them. */
class ReplaceImageTest {
    private static final int SECTORS = 2048;
    private static final int BATCH = 32;
    private static final byte[] NOTHING = {};

    @TempDir
    Path directory;

    private Path first;
    private Path second;
    private BlockDriver driver;

    @BeforeEach
    void begin() throws IOException {
        first = image("first", SECTORS, 1);
        second = image("second", 2 * SECTORS, 2);
        driver = new BlockDriver(first);
    }

    @AfterEach
    void end() {
        driver.close();
    }

    private Path image(String name, int sectors, int fill) throws IOException {
        byte[] bytes = new byte[sectors * DiskImage.SECTOR_BYTES];
        Arrays.fill(bytes, (byte) fill);
        return Files.write(directory.resolve(name), bytes);
    }

    /** A disk that carries out no request at once. */
    private void restartSlow(DiskEngine.Kind kind) {
        driver.close();
        long[] nanos = {0};
        driver = new BlockDriver(
                first, false, BlockDriver.FEATURES, RateLimiter.unlimited(), () -> nanos[0] += 1L << 40, kind);
    }

    private byte read(long sector) {
        TestQueue.Chain chain = driver.chain(BlockLayout.T_IN, sector, NOTHING, DiskImage.SECTOR_BYTES);
        chain.publish();
        driver.await();
        assertThat(BlockDriver.status(chain)).isEqualTo(BlockLayout.S_OK);
        return chain.bytes(1)[0];
    }

    private void write(long sector, int fill) {
        byte[] data = new byte[DiskImage.SECTOR_BYTES];
        Arrays.fill(data, (byte) fill);
        driver.chain(BlockLayout.T_OUT, sector, data, 0).publish();
    }

    private static byte at(Path image, long sector) throws IOException {
        return Files.readAllBytes(image)[(int) sector * DiskImage.SECTOR_BYTES];
    }

    private void awaitEnd(CompletableFuture<Void> replaced) {
        driver.context.turnUntil(replaced::isDone);
        replaced.join();
    }

    private static void assertFree(Path image) {
        DiskImage.open(image, false, false).close();
    }

    private static void assertLocked(Path image) {
        assertThatThrownBy(() -> DiskImage.open(image, false, false)).isInstanceOf(DiskException.class);
    }

    @Test
    void laterRequestsGoToTheNewImageAndTheOldOneIsFree() throws IOException {
        assertThat(read(0)).isEqualTo((byte) 1);
        awaitEnd(driver.block.replaceImage(second));
        assertThat(driver.block.readConfig(BlockLayout.CAPACITY, 4)).isEqualTo(2 * SECTORS);
        assertThat(driver.context.configChanges()).isPositive();
        assertThat(read(2 * SECTORS - 1)).isEqualTo((byte) 2);
        write(5, 7);
        driver.await();
        assertThat(at(second, 5)).isEqualTo((byte) 7);
        assertThat(at(first, 5)).isEqualTo((byte) 1);
        assertFree(first);
        assertLocked(second);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsUnderWayEndsOnTheOldImage(DiskEngine.Kind kind) throws IOException {
        restartSlow(kind);
        for (int i = 0; i < BATCH; i++) {
            write(i, 3);
        }
        driver.chain(BlockLayout.T_WRITE_ZEROES, 0, BlockDriver.ranges(100, 1, 0, 102, 1, 0, 104, 1, 0), 0)
                .publish();
        driver.block.notified(0);
        CompletableFuture<Void> replaced = driver.block.replaceImage(second);
        for (int i = 0; i < BATCH; i++) {
            write(i, 4);
        }
        driver.block.notified(0);
        for (int i = 0; i < 2 * BATCH + 1; i++) {
            driver.await(driver.queues[0]);
        }
        assertThat(replaced).isCompleted();
        for (int i = 0; i < BATCH; i++) {
            assertThat(at(first, i)).isEqualTo((byte) 3);
            assertThat(at(second, i)).isEqualTo((byte) 4);
        }
        assertThat(at(first, 104)).isZero();
        assertThat(at(second, 104)).isEqualTo((byte) 2);
        assertThat(driver.requests(1).failures()).isZero();
    }

    @Test
    void anImageThatCannotServeLeavesTheOldOneWhole() throws IOException {
        Path empty = Files.createFile(directory.resolve("empty"));
        Path odd = Files.write(directory.resolve("odd"), new byte[700]);
        assertRefused(directory.resolve("missing"), "there is no such file");
        assertRefused(empty, "it is empty");
        assertRefused(odd, "not a multiple of 512");
        assertRefused(directory, "a directory");
        try (DiskImage taken = DiskImage.open(second, false, false)) {
            assertRefused(taken.path(), "another virtual machine has it open");
        }
        assertThat(driver.context.configChanges()).isZero();
        awaitEnd(driver.block.replaceImage(second));
        assertThat(read(0)).isEqualTo((byte) 2);
    }

    private void assertRefused(Path path, String reason) throws IOException {
        long before = descriptors();
        assertThatThrownBy(() -> driver.block.replaceImage(path))
                .isInstanceOf(DiskException.class)
                .hasMessageContaining(path.toString())
                .hasMessageContaining(reason);
        assertThat(descriptors()).isEqualTo(before);
        assertThat(read(0)).isEqualTo((byte) 1);
        assertLocked(first);
    }

    @Test
    void theImageItHasIsAskedForItsSize() throws IOException {
        image("first", 3 * SECTORS, 5);
        Path link = Files.createSymbolicLink(directory.resolve("link"), first);
        assertThat(driver.block.replaceImage(link)).isCompleted();
        assertThat(driver.context.configChanges()).isEqualTo(1);
        assertThat(driver.block.readConfig(BlockLayout.CAPACITY, 4)).isEqualTo(3 * SECTORS);
        assertThat(read(3 * SECTORS - 1)).isEqualTo((byte) 5);
    }

    @Test
    void aNewFileOfTheSameNameIsAnother() throws IOException {
        Files.move(image("other", SECTORS, 9), first, StandardCopyOption.REPLACE_EXISTING);
        assertThat(read(0)).isEqualTo((byte) 1);
        awaitEnd(driver.block.replaceImage(first));
        assertThat(read(0)).isEqualTo((byte) 9);
    }

    @Test
    void aReadOnlyDiskStaysOne() {
        driver.close();
        driver = new BlockDriver(first, true, BlockDriver.FEATURES);
        try (DiskImage shared = DiskImage.open(second, true, false)) {
            awaitEnd(driver.block.replaceImage(shared.path()));
        }
        assertThat(read(0)).isEqualTo((byte) 2);
        assertThat(driver.request(BlockLayout.T_OUT, 0, new byte[512], 0)).isEqualTo(BlockLayout.S_IOERR);
    }

    @Test
    void aDiskThatIsNotInUseIsChangedAtOnce() {
        driver.context.reset();
        assertThat(driver.block.replaceImage(second)).isCompleted();
        assertThat(driver.block.readConfig(BlockLayout.CAPACITY, 4)).isEqualTo(2 * SECTORS);
        assertFree(first);
        driver.queues[0].reset();
        driver.context.activate(driver.block);
        assertThat(read(0)).isEqualTo((byte) 2);
    }

    @ParameterizedTest
    @EnumSource
    void aResetMeanwhileChangesItToo(DiskEngine.Kind kind) {
        restartSlow(kind);
        write(0, 3);
        driver.block.notified(0);
        CompletableFuture<Void> replaced = driver.block.replaceImage(second);
        driver.context.reset();
        assertThat(replaced).isCompleted();
        driver.queues[0].reset();
        driver.context.activate(driver.block);
        assertThat(read(0)).isEqualTo((byte) 2);
    }

    @Test
    void theLastChangeOfMindCounts() throws IOException {
        Path third = image("third", SECTORS, 3);
        restartSlow(DiskEngine.Kind.IO_URING);
        write(0, 4);
        driver.block.notified(0);
        CompletableFuture<Void> toSecond = driver.block.replaceImage(second);
        CompletableFuture<Void> again = driver.block.replaceImage(second);
        CompletableFuture<Void> toThird = driver.block.replaceImage(third);
        assertThat(toSecond).isNotDone();
        assertFree(second);
        write(1, 5);
        CompletableFuture<Void> back = driver.block.replaceImage(first);
        assertThat(back).isCompleted();
        assertThat(toThird).isCompleted();
        assertThat(toSecond).isCompleted();
        assertThat(again).isCompleted();
        driver.await(driver.queues[0]);
        driver.await(driver.queues[0]);
        assertThat(at(first, 0)).isEqualTo((byte) 4);
        assertThat(at(first, 1)).isEqualTo((byte) 5);
        assertFree(third);
    }

    @Test
    void aDiskThatIsClosedTakesNoOther() throws IOException {
        restartSlow(DiskEngine.Kind.IO_URING);
        driver.close();
        long before = descriptors();
        assertThatThrownBy(() -> driver.block.replaceImage(second)).isInstanceOf(IllegalStateException.class);
        assertThat(descriptors()).isEqualTo(before);
        driver = new BlockDriver(first);
    }

    @ParameterizedTest
    @EnumSource
    void changesFromAnotherThreadLoseNoRequest(DiskEngine.Kind kind) throws Exception {
        restartSlow(kind);
        long before = descriptors();
        AtomicReference<CompletableFuture<Void>> last = new AtomicReference<>(new CompletableFuture<>());
        Thread changer = Thread.ofPlatform().start(() -> {
            SplittableRandom random = new SplittableRandom(20261127);
            for (int i = 0; i < 300; i++) {
                last.set(driver.block.replaceImage(random.nextBoolean() ? first : second));
                LockSupport.parkNanos(200_000);
            }
        });
        prepareWrites(6);
        int requests = 0;
        while (changer.isAlive()) {
            for (int i = 0; i < BATCH; i++) {
                driver.queues[0].publish(3 * i);
            }
            driver.block.notified(0);
            for (int i = 0; i < BATCH; i++) {
                driver.await(driver.queues[0]);
            }
            requests += BATCH;
        }
        changer.join();
        awaitEnd(last.get());
        assertThat(driver.requests(1).requests()).isEqualTo(requests);
        assertThat(driver.requests(1).failures()).isZero();
        assertThat(descriptors()).isEqualTo(before);
        assertThat(at(first, 0)).isEqualTo((byte) 6);
        assertThat(at(second, 0)).isEqualTo((byte) 6);
    }

    /** Writes to the first sectors in descriptors of their own, to be made available over and over. */
    private void prepareWrites(int fill) {
        long data = driver.guest.allocate(DiskImage.SECTOR_BYTES + 1L, 1);
        driver.guest.at(data, DiskImage.SECTOR_BYTES).fill((byte) fill);
        for (int i = 0; i < BATCH; i++) {
            long header = driver.guest.allocate(BlockLayout.HEADER_BYTES, 1);
            driver.guest
                    .at(header, BlockLayout.HEADER_BYTES)
                    .copyFrom(MemorySegment.ofArray(BlockDriver.header(BlockLayout.T_OUT, i)));
            TestQueue queue = driver.queues[0];
            queue.descriptor(3 * i, header, BlockLayout.HEADER_BYTES, TestQueue.NEXT, 3 * i + 1);
            queue.descriptor(3 * i + 1, data, DiskImage.SECTOR_BYTES, TestQueue.NEXT, 3 * i + 2);
            queue.descriptor(3 * i + 2, data + DiskImage.SECTOR_BYTES, 1, TestQueue.WRITE, 0);
        }
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
