package dev.lull.device.backend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.lull.linux.Epoll;
import dev.lull.linux.Errno;
import dev.lull.linux.LinuxConstants;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.agrona.concurrent.NanoClock;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests are carried out whole or end with their error, by io_uring and by threads, cached and direct. */
class DiskEngineTest {
    private static final int CAPACITY = 8;
    private static final int MEMORY_BYTES = 1 << 20;

    /** A clock that says that everything takes an hour, so that nothing is done at once any more, or that nothing takes any time. */
    private static final class TestClock implements NanoClock {
        private long stepNanos;
        private long nanos;

        @Override
        public long nanoTime() {
            nanos += stepNanos;
            return nanos;
        }
    }

    private static final class Memory implements DiskBuffer {
        private final MemorySegment data;

        Memory(MemorySegment data) {
            this.data = data;
        }

        @Override
        public void copyOut(long fromByte, MemorySegment target, int lengthBytes) {
            MemorySegment.copy(data, fromByte, target, 0, lengthBytes);
        }

        @Override
        public void copyIn(long toByte, MemorySegment source, int lengthBytes) {
            MemorySegment.copy(source, 0, data, toByte, lengthBytes);
        }
    }

    @TempDir
    Path directory;

    private final TestClock clock = new TestClock();
    private final MemorySegment memory = Arena.ofAuto().allocate(MEMORY_BYTES, 4096);
    private final DiskRequest[] requests = new DiskRequest[CAPACITY];
    private Epoll epoll;

    private Path image(Path where, long sizeBytes) throws Exception {
        Path path = where.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(sizeBytes);
        }
        return path;
    }

    /** Request {@code slot} on {@code lengthBytes} of memory from {@code at}, in pieces of at most {@code pieceBytes}. */
    private DiskRequest request(int slot, long at, long lengthBytes, long pieceBytes) {
        DiskRequest request = requests[slot];
        if (request == null) {
            request = new DiskRequest(slot, 256, new Memory(memory.asSlice(at)));
            requests[slot] = request;
        }
        request.pieces().clear();
        for (long done = 0; done < lengthBytes; done += pieceBytes) {
            request.pieces().add(memory.address() + at + done, Math.min(pieceBytes, lengthBytes - done));
        }
        return request;
    }

    private int run(DiskEngine engine, DiskRequest request) {
        engine.start(request);
        engine.submit();
        await(engine, 1);
        return request.error();
    }

    private void await(DiskEngine engine, int count) {
        long start = System.nanoTime();
        int ended = 0;
        while (ended < count) {
            while (engine.poll() != null) {
                ended++;
            }
            if (ended < count) {
                if (epoll == null) {
                    epoll = new Epoll("test", 1);
                    epoll.add(engine.ready(), LinuxConstants.EPOLLIN, 0);
                }
                if (System.nanoTime() - start > 20_000_000_000L) {
                    throw new AssertionError("%d of %d requests ended".formatted(ended, count));
                }
                epoll.await(5_000);
                engine.acknowledge();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "IO_URING,false,false", "IO_URING,false,true", "IO_URING,true,false",
        "THREAD_POOL,false,false", "THREAD_POOL,false,true", "THREAD_POOL,true,false"
    })
    void randomRequestsLeaveTheImageAsAModelSays(DiskEngine.Kind kind, boolean direct, boolean slow) throws Exception {
        int size = 256 << 10;
        byte[] model = new byte[size];
        SplittableRandom random = new SplittableRandom(42);
        if (slow) {
            clock.stepNanos = 1L << 40;
        }
        Path path = image(directory, size);
        try (DiskImage image = DiskImage.open(path, false, direct);
                DiskEngine engine = DiskEngine.of(kind, image, CAPACITY, clock)) {
            for (int i = 0; i < 2000; i++) {
                int offset = random.nextInt(size / 512) * 512;
                int length = 512 * (1 + random.nextInt(Math.min(256, (size - offset) / 512)));
                int at = random.nextInt(4) == 0 ? 1 + random.nextInt(4096) : 0;
                requests[0] = null;
                DiskRequest request = request(0, at, length, random.nextInt(3) == 0 ? 512 : 100_000);
                switch (random.nextInt(6)) {
                    case 0, 1 -> {
                        memory.fill((byte) 0xEE);
                        request.read(offset);
                        assertThat(run(engine, request)).isZero();
                        assertThat(memory.asSlice(at, length)
                                        .mismatch(MemorySegment.ofArray(model).asSlice(offset, length)))
                                .isEqualTo(-1);
                        assertThat(memory.get(JAVA_BYTE, at + length))
                                .as("nothing behind")
                                .isEqualTo((byte) 0xEE);
                    }
                    case 2, 3 -> {
                        byte[] data = new byte[length];
                        random.nextBytes(data);
                        MemorySegment.copy(data, 0, memory, JAVA_BYTE, at, length);
                        System.arraycopy(data, 0, model, offset, length);
                        request.write(offset, random.nextInt(8) == 0);
                        assertThat(run(engine, request)).isZero();
                    }
                    case 4 -> {
                        java.util.Arrays.fill(model, offset, offset + length, (byte) 0);
                        request.zero(offset, length, random.nextBoolean(), random.nextBoolean());
                        assertThat(run(engine, request)).isZero();
                    }
                    default -> {
                        request.flush();
                        assertThat(run(engine, request)).isZero();
                    }
                }
                assertThat(engine.inFlight()).isZero();
            }
        } finally {
            closeEpoll();
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(model);
    }

    private void closeEpoll() {
        if (epoll != null) {
            epoll.close();
            epoll = null;
        }
    }

    @ParameterizedTest
    @EnumSource
    void manyAreUnderWayAtOnce(DiskEngine.Kind kind) throws Exception {
        Path path = image(directory, MEMORY_BYTES);
        clock.stepNanos = 1L << 40;
        try (DiskImage image = DiskImage.open(path, false, false);
                DiskEngine engine = DiskEngine.of(kind, image, CAPACITY, clock)) {
            for (int round = 0; round < 100; round++) {
                for (int i = 0; i < CAPACITY; i++) {
                    memory.asSlice(i * 4096L, 4096).fill((byte) (round + i));
                    request(i, i * 4096L, 4096, 4096).write(i * 8192L, false);
                    engine.start(requests[i]);
                }
                engine.submit();
                await(engine, CAPACITY);
                for (DiskRequest request : requests) {
                    assertThat(request.error()).isZero();
                }
            }
        } finally {
            closeEpoll();
        }
        byte[] content = Files.readAllBytes(path);
        for (int i = 0; i < CAPACITY; i++) {
            assertThat(content[i * 8192 + 4095]).isEqualTo((byte) (99 + i));
        }
    }

    @ParameterizedTest
    @CsvSource({"IO_URING,false", "IO_URING,true", "THREAD_POOL,false", "THREAD_POOL,true"})
    void aShrunkFileIsAnErrorWhereItIsMissing(DiskEngine.Kind kind, boolean slow) throws Exception {
        Path path = image(directory, 64 << 10);
        clock.stepNanos = slow ? 1L << 40 : 0;
        try (DiskImage image = DiskImage.open(path, false, false);
                DiskEngine engine = DiskEngine.of(kind, image, CAPACITY, clock)) {
            image(directory, 10_000);
            DiskRequest request = request(0, 0, 4096, 4096);
            request.read(4096);
            assertThat(run(engine, request)).isZero();
            request(0, 0, 4096, 512).read(8192);
            assertThat(run(engine, request)).isEqualTo(Errno.EIO);
            request(0, 0, 4096, 4096).read(32_768);
            assertThat(run(engine, request)).isEqualTo(Errno.EIO);
        } finally {
            closeEpoll();
        }
    }

    @ParameterizedTest
    @EnumSource
    @Requires(Facility.ROOT)
    void aFullFileSystemIsAnErrorAndWhatWasWrittenStays(DiskEngine.Kind kind) throws Exception {
        Path mount = Files.createDirectory(directory.resolve("mount"));
        command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount.toString());
        try {
            Path path = image(mount, 1 << 20);
            try (DiskImage image = DiskImage.open(path, false, false);
                    DiskEngine engine = DiskEngine.of(kind, image, CAPACITY, clock)) {
                memory.fill((byte) 7);
                DiskRequest request = request(0, 0, 16 << 10, 4096);
                request.write(0, false);
                assertThat(run(engine, request)).isZero();
                request(0, 0, 256 << 10, 4096).write(64 << 10, false);
                assertThat(run(engine, request)).isEqualTo(Errno.ENOSPC);
                request(0, 0, 64 << 10, 4096).zero(512 << 10, 64 << 10, false, false);
                assertThat(run(engine, request)).isEqualTo(Errno.ENOSPC);
                request.discard(64 << 10, 256 << 10, false);
                assertThat(run(engine, request)).isZero();
                request(0, 0, 4096, 4096).write(512 << 10, true);
                assertThat(run(engine, request)).isZero();
                memory.fill((byte) 0);
                request(0, 0, 16 << 10, 4096).read(0);
                assertThat(run(engine, request)).isZero();
                assertThat(memory.get(JAVA_BYTE, (16 << 10) - 1)).isEqualTo((byte) 7);
            } finally {
                closeEpoll();
            }
        } finally {
            command("umount", mount.toString());
        }
    }

    @ParameterizedTest
    @Tag("allocation")
    @CsvSource({"IO_URING,false,false", "IO_URING,true,false", "THREAD_POOL,true,false", "IO_URING,false,true"})
    void nothingIsAllocatedForARequest(DiskEngine.Kind kind, boolean slow, boolean direct) throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Path path = image(directory, MEMORY_BYTES);
        clock.stepNanos = slow ? 1L << 40 : 0;
        try (DiskImage image = DiskImage.open(path, false, direct);
                DiskEngine engine = DiskEngine.of(kind, image, CAPACITY, clock)) {
            long allocated = Long.MAX_VALUE;
            for (int round = 0; round < 200 && allocated > 0; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 500; i++) {
                    DiskRequest request = request(0, i % 3 == 0 ? 100 : 0, 8192, 4096);
                    if (i % 2 == 0) {
                        request.read(4096);
                    } else {
                        request.write(4096, false);
                    }
                    if (run(engine, request) != 0) {
                        throw new AssertionError(Errno.name(request.error()));
                    }
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertThat(allocated).as("bytes for 500 requests").isZero();
        } finally {
            closeEpoll();
        }
    }

    @Test
    void withoutIoUringThereIsThePool() throws Exception {
        try (DiskImage image = DiskImage.open(image(directory, 512), true, false);
                DiskEngine engine = DiskEngine.of(image, CAPACITY, clock)) {
            Path disabled = Path.of("/proc/sys/kernel/io_uring_disabled");
            boolean forbidden = Files.exists(disabled)
                    && !Files.readString(disabled).strip().equals("0");
            if (!forbidden) {
                assertThat(engine.kind()).isEqualTo(DiskEngine.Kind.IO_URING);
            }
        }
    }

    private static void command(String... command) throws Exception {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
                .as(String.join(" ", command))
                .isZero();
    }
}
