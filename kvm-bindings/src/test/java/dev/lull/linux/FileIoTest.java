package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files are read, written, flushed, punched and locked, directly and through an io_uring, with the same results. */
class FileIoTest {
    @TempDir
    Path directory;

    private final MemorySegment memory = Arena.ofAuto().allocate(64);
    private Fd file;
    private Path path;

    @BeforeEach
    void open() throws Exception {
        path = Files.writeString(directory.resolve("file"), "0123456789");
        file = Fd.open(path.toString(), LinuxConstants.O_RDWR);
    }

    @AfterEach
    void close() {
        file.close();
    }

    private String text(int from, int length) {
        return new String(memory.asSlice(from, length).toArray(JAVA_BYTE), StandardCharsets.US_ASCII);
    }

    private Iovec pieces(int... offsetsAndLengths) {
        Iovec pieces = new Iovec(8);
        for (int i = 0; i < offsetsAndLengths.length; i += 2) {
            assertThat(pieces.add(memory.address() + offsetsAndLengths[i], offsetsAndLengths[i + 1]))
                    .isTrue();
        }
        return pieces;
    }

    @Test
    void piecesAreReadAndWrittenInOrder() throws Exception {
        assertThat(FileIo.read(file, pieces(8, 2, 0, 3), 1)).isEqualTo(5);
        assertThat(text(8, 2)).isEqualTo("12");
        assertThat(text(0, 3)).isEqualTo("345");
        assertThat(FileIo.read(file, pieces(0, 8), 6)).isEqualTo(4);
        assertThat(FileIo.read(file, pieces(0, 8), 10)).isZero();
        assertThat(FileIo.readCached(file, pieces(0, 8), 6)).isIn(4L, (long) -Errno.EOPNOTSUPP);
        assertThat(FileIo.write(file, pieces(8, 1, 0, 4), 9, false)).isEqualTo(5);
        assertThat(FileIo.write(file, pieces(8, 1), 0, true)).isEqualTo(1);
        assertThat(Files.readString(path)).isEqualTo("11234567816789");
        assertThat(FileIo.dataSync(file)).isZero();
        try (Fd readOnly = Fd.open(path.toString(), LinuxConstants.O_RDONLY)) {
            assertThat(FileIo.write(readOnly, pieces(0, 1), 0, false)).isEqualTo(-Errno.EBADF);
            assertThat(FileIo.read(readOnly, pieces(0, 1), -2)).isEqualTo(-Errno.EINVAL);
        }
    }

    @Test
    void aVectorSkipsWhatIsDone() {
        Iovec pieces = pieces(0, 3, 10, 5, 20, 2);
        pieces.skip(0);
        assertThat(pieces.count()).isEqualTo(3);
        pieces.skip(4);
        assertThat(pieces.count()).isEqualTo(2);
        assertThat(pieces.lengthBytes()).isEqualTo(6);
        assertThat(FileIo.read(file, pieces, 0)).isEqualTo(6);
        assertThat(text(11, 4)).isEqualTo("0123");
        assertThat(text(20, 2)).isEqualTo("45");
        pieces.skip(6);
        assertThat(pieces.count()).isZero();
        assertThat(pieces.lengthBytes()).isZero();
    }

    @Test
    void holesReadAsZeroes() throws Exception {
        assertThat(FileIo.allocate(file, FileIo.PUNCH_HOLE, 2, 3)).isZero();
        assertThat(Files.readString(path)).isEqualTo("01\0\0\0" + "56789");
        long zeroed = FileIo.allocate(file, FileIo.ZERO_RANGE, 8, 100);
        assertThat(zeroed).isIn(0L, (long) -Errno.EOPNOTSUPP);
        assertThat(Files.size(path)).as("the size stays").isEqualTo(10);
    }

    @Test
    void aLockExcludesOthersUntilItsDescriptionIsClosed() {
        try (Fd other = Fd.open(path.toString(), LinuxConstants.O_RDWR)) {
            assertThat(FileIo.tryLock(file, false, 100, 1)).isTrue();
            assertThat(FileIo.tryLock(other, false, 0, 0)).isTrue();
            assertThat(FileIo.tryLock(other, true, 0, 0)).isFalse();
            assertThat(FileIo.tryLock(other, true, 101, 5)).isTrue();
            assertThat(FileIo.isLocked(other, 100)).isTrue();
            assertThat(FileIo.isLocked(file, 101)).isTrue();
            file.close();
            assertThat(FileIo.isLocked(other, 100)).isFalse();
            assertThat(FileIo.tryLock(other, true, 0, 0)).isTrue();
            assertThat(FileIo.isLocked(other, 100)).as("its own").isFalse();
        }
    }

    @Test
    void aStatusTellsFilesFromDirectories() {
        assertThat(FileStatus.of(file).type()).isEqualTo(FileStatus.Type.REGULAR);
        assertThat(FileStatus.of(file).sizeBytes()).isEqualTo(10);
        try (Fd folder = Fd.open(directory.toString(), LinuxConstants.O_RDONLY);
                Fd device = Fd.open("/dev/null", LinuxConstants.O_RDONLY)) {
            assertThat(FileStatus.of(folder).type()).isEqualTo(FileStatus.Type.DIRECTORY);
            assertThat(FileStatus.of(device).type()).isEqualTo(FileStatus.Type.OTHER);
        }
    }

    @Test
    void aRingDoesTheSame() throws Exception {
        try (IoUring ring = new IoUring("a ring", 5);
                Epoll epoll = new Epoll("set", 1)) {
            epoll.add(ring.fd(), LinuxConstants.EPOLLIN, 0);
            assertThat(ring.capacity()).isEqualTo(8);
            Iovec in = pieces(0, 4, 8, 2);
            Iovec pastEnd = pieces(32, 4);
            Iovec out = pieces(0, 4);
            ring.read(file, in, 2, 1);
            ring.read(file, pastEnd, 10, 2);
            ring.submit();
            assertThat(results(ring, epoll, 2)).containsExactly(0, 6, 0);
            assertThat(text(0, 4) + text(8, 2)).isEqualTo("234567");
            ring.write(file, out, 0, true, 1);
            ring.dataSync(file, 2);
            ring.submit();
            assertThat(results(ring, epoll, 2)).containsExactly(0, 4, 0);
            ring.allocate(file, FileIo.PUNCH_HOLE, 4, 2, 1);
            ring.allocate(file, 0x4000_0000, 4, 2, 2);
            ring.submit();
            assertThat(results(ring, epoll, 2)).containsExactly(0, 0, -Errno.EOPNOTSUPP);
            assertThat(Files.readString(path)).isEqualTo("2345\0\0" + "6789");
        }
    }

    @Test
    void aRingGoesRoundManyTimes() {
        try (IoUring ring = new IoUring("a ring", 4);
                Epoll epoll = new Epoll("set", 1)) {
            epoll.add(ring.fd(), LinuxConstants.EPOLLIN, 0);
            Iovec one = pieces(0, 1);
            for (int round = 0; round < 1000; round++) {
                for (int token = 1; token <= 4; token++) {
                    ring.write(file, one, token, false, token);
                }
                assertThatThrownBy(() -> ring.dataSync(file, 5)).isInstanceOf(IllegalStateException.class);
                ring.submit();
                assertThat(results(ring, epoll, 4)).containsExactly(0, 1, 1, 1, 1);
            }
            assertThat(epoll.await(0)).as("nothing more is ready").isZero();
        }
    }

    @Test
    void aRingThatCannotBeSaysWhy() {
        assertThatThrownBy(() -> new IoUring("a ring", 1 << 30)).hasMessage("io_uring_setup on a ring failed: EINVAL");
    }

    /** The results of {@code count} operations with tokens from 1, by token. */
    private static int[] results(IoUring ring, Epoll epoll, int count) {
        int[] results = new int[count + 1];
        long start = System.nanoTime();
        int ended = 0;
        while (ended < count) {
            // Work for the ring may interrupt the wait.
            epoll.await(10_000);
            assertThat(System.nanoTime() - start)
                    .as("time to wait for %d operations", count)
                    .isLessThan(5_000_000_000L);
            while (ring.poll()) {
                results[(int) ring.token()] = ring.result();
                ring.next();
                ended++;
            }
        }
        return results;
    }
}
