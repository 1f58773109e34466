package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Descriptors, mappings, events and threads do what Linux says, and fail by name. */
class LinuxTest {
    @TempDir
    Path directory;

    @Test
    void aFailedOpenNamesTheFile() {
        assertThatThrownBy(() -> Fd.open("/no/such/file", LinuxConstants.O_RDONLY))
                .isInstanceOfSatisfying(
                        LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                .hasMessage("open on /no/such/file failed: ENOENT");
        assertThat(Errno.name(12345)).isEqualTo("errno 12345");
    }

    @Test
    void aDescriptorReadsWritesAndClosesOnce() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        try (Arena arena = Arena.ofConfined()) {
            Fd fd = Fd.open(file.toString(), LinuxConstants.O_RDWR);
            assertThat(fd.write(arena.allocateFrom("text", StandardCharsets.US_ASCII)))
                    .isEqualTo(5);
            MemorySegment back = arena.allocate(16);
            assertThat(fd.read(back)).isZero();
            assertThat(fd.readAt(back, 1)).isEqualTo(4);
            assertThat(back.getString(0)).isEqualTo("ext");
            int number = fd.number();
            fd.close();
            fd.close();
            assertThat(fd.number()).isEqualTo(-1);
            assertThat(Path.of("/proc/self/fd/" + number))
                    .satisfiesAnyOf(
                            link -> assertThat(Files.exists(link)).isFalse(),
                            link -> assertThat(Files.readSymbolicLink(link)).isNotEqualTo(file));
            assertThat(fd.read(back)).isEqualTo(-Errno.EBADF);
        }
    }

    @Test
    void anonymousMemoryIsZeroAlignedAndBounded() {
        try (Mapping mapping = Mapping.anonymous(3 << 20)) {
            MemorySegment memory = mapping.segment();
            assertThat(memory.address() % (2 << 20)).isZero();
            assertThat(memory.get(JAVA_LONG, (3 << 20) - 8)).isZero();
            memory.set(JAVA_LONG, 0, 42);
            assertThat(memory.get(JAVA_LONG, 0)).isEqualTo(42);
            assertThatThrownBy(() -> memory.get(JAVA_BYTE, 3 << 20)).isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThatThrownBy(() -> Mapping.anonymous(1L << 60)).hasMessage("mmap on anonymous memory failed: ENOMEM");
    }

    @Test
    void discardedPagesAreZeroAndTheirNeighboursAreNot() {
        try (Mapping mapping = Mapping.anonymous(2 << 20)) {
            MemorySegment memory = mapping.segment();
            memory.fill((byte) 1);
            assertThat(Mapping.discard(memory, 4096, 8192)).isZero();
            assertThat(memory.get(JAVA_BYTE, 4095)).isEqualTo((byte) 1);
            assertThat(memory.get(JAVA_BYTE, 4096)).isZero();
            assertThat(memory.get(JAVA_BYTE, 12287)).isZero();
            assertThat(memory.get(JAVA_BYTE, 12288)).isEqualTo((byte) 1);
            assertThat(Mapping.discard(memory, 1, 4096)).isEqualTo(-Errno.EINVAL);
            assertThatThrownBy(() -> Mapping.discard(memory, 4096, 2 << 20))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void residentPagesAreThoseThatWereTouched() {
        try (Fd file = Mapping.memoryFile("sparse", 1 << 20, false);
                Mapping mapping = Mapping.shared(file, 0, 1 << 20);
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = mapping.segment();
            MemorySegment scratch = arena.allocate(256);
            assertThat(Mapping.residentPages(memory, 0, 1 << 20, scratch)).isZero();
            memory.set(JAVA_LONG, 0, 1);
            memory.set(JAVA_LONG, 40960, 1);
            memory.set(JAVA_LONG, (1 << 20) - 8, 1);
            assertThat(Mapping.residentPages(memory, 0, 1 << 20, scratch)).isEqualTo(3);
            assertThat(Mapping.residentPages(memory, 40960, 4096, scratch)).isEqualTo(1);
            assertThat(Mapping.residentPages(memory, 1, 4096, scratch)).isEqualTo(-Errno.EINVAL);
            assertThatThrownBy(() -> Mapping.residentPages(memory, 0, 2 << 20, scratch))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> Mapping.residentPages(memory, 0, 1 << 20, scratch.asSlice(8)))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void entropyFillsWhatItIsGivenAndNoMore() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(4096);
            assertThat(Entropy.fill(memory, 8, 4000)).isEqualTo(4000);
            assertThat(memory.get(JAVA_LONG, 0)).isZero();
            assertThat(memory.get(JAVA_LONG, 4008)).isZero();
            long[] distinct = memory.asSlice(8, 4000).toArray(JAVA_LONG);
            assertThat(distinct).doesNotHaveDuplicates().doesNotContain(0);
            assertThat(Entropy.fill(memory, 0, 0)).isZero();
            assertThatThrownBy(() -> Entropy.fill(memory, 4096, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void aMemoryFileIsSharedByItsMappings() {
        try (Fd file = Mapping.memoryFile("shared", 8192, false);
                Mapping one = Mapping.shared(file, 0, 8192);
                Mapping other = Mapping.shared(file, 4096, 4096)) {
            one.segment().set(JAVA_LONG, 4096, 7);
            assertThat(other.segment().get(JAVA_LONG, 0)).isEqualTo(7);
        }
    }

    @Test
    void aReadOnlyMappingShowsWhatOthersWriteAndTakesNoWrite() throws Exception {
        Path path = Files.write(directory.resolve("page"), new byte[4096]);
        try (Fd writer = Fd.open(path.toString(), LinuxConstants.O_RDWR);
                Fd reader = Fd.open(path.toString(), LinuxConstants.O_RDONLY);
                Mapping written = Mapping.shared(writer, 0, 4096);
                Mapping read = Mapping.sharedReadOnly(reader, 0, 4096)) {
            written.segment().set(JAVA_LONG, 8, 7);
            assertThat(read.segment().get(JAVA_LONG, 8)).isEqualTo(7);
            assertThatThrownBy(() -> read.segment().set(JAVA_LONG, 8, 1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> Mapping.shared(reader, 0, 4096)).hasMessageEndingWith("failed: EACCES");
        }
    }

    @Test
    @Requires(Facility.HUGE_PAGES)
    void hugePagesComeFromThePool() {
        try (Mapping mapping = Mapping.hugePages(4 << 20);
                Fd file = Mapping.memoryFile("huge", 4 << 20, true);
                Mapping shared = Mapping.shared(file, 0, 4 << 20)) {
            mapping.segment().set(JAVA_LONG, 0, 1);
            shared.segment().set(JAVA_LONG, 0, 1);
            assertThat(shared.segment().get(JAVA_LONG, 0)).isEqualTo(1);
        }
    }

    @Test
    void eventsCountAndDrain() {
        try (EventFd event = new EventFd("event")) {
            assertThat(event.drain()).isZero();
            event.signal();
            event.signal();
            assertThat(event.drain()).isEqualTo(2);
            assertThat(event.drain()).isZero();
        }
    }

    @Test
    void aTimerGoesOffOnceAndNotBefore() {
        try (TimerFd timer = new TimerFd("timer");
                Epoll epoll = new Epoll("set", 1)) {
            epoll.add(timer.fd(), LinuxConstants.EPOLLIN, 7);
            timer.arm(20_000_000_000L);
            assertThat(timer.drain()).isFalse();
            long start = System.nanoTime();
            timer.arm(20_000_000);
            assertThat(epoll.await(10_000)).isEqualTo(1);
            assertThat(System.nanoTime() - start).isBetween(20_000_000L, 5_000_000_000L);
            assertThat(timer.drain()).isTrue();
            assertThat(timer.drain()).isFalse();
            timer.arm(1);
            assertThat(epoll.await(10_000)).isEqualTo(1);
            timer.disarm();
            assertThat(epoll.await(0)).isZero();
            assertThatThrownBy(() -> timer.arm(0)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void epollReportsWhatIsReadyByItsToken() {
        try (Epoll epoll = new Epoll("set", 4);
                EventFd one = new EventFd("one");
                EventFd two = new EventFd("two")) {
            epoll.add(one.fd(), LinuxConstants.EPOLLIN, 1);
            epoll.add(two.fd(), LinuxConstants.EPOLLIN, 0x8000_0000_0000_0002L);
            assertThat(epoll.await(0)).isZero();
            two.signal();
            assertThat(epoll.await(-1)).isEqualTo(1);
            assertThat(epoll.token(0)).isEqualTo(0x8000_0000_0000_0002L);
            assertThat(epoll.eventMask(0)).isEqualTo(LinuxConstants.EPOLLIN);
            one.signal();
            assertThat(epoll.await(-1)).isEqualTo(2);
            epoll.remove(two.fd());
            assertThat(epoll.await(0)).isEqualTo(1);
            assertThatThrownBy(() -> epoll.remove(two.fd())).hasMessage("epoll_ctl on two failed: ENOENT");
        }
    }

    @Test
    void aThreadKeepsToItsProcessorsAndItsClass() throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = Thread.ofPlatform()
                .uncaughtExceptionHandler((t, e) -> failure.set(e))
                .start(() -> {
                    BitSet before = NativeThread.affinity();
                    BitSet one = new BitSet();
                    one.set(before.nextSetBit(0));
                    NativeThread.setAffinity(one);
                    assertThat(NativeThread.affinity()).isEqualTo(one);
                    NativeThread.setAffinity(before);
                    assertThat(NativeThread.affinity()).isEqualTo(before);
                    assertThatThrownBy(() -> NativeThread.setAffinity(new BitSet()))
                            .hasMessage("sched_setaffinity on CPUs {} failed: EINVAL");
                    assertThat(policy()).isEqualTo(LinuxConstants.SCHED_NORMAL);
                    NativeThread.setIdleClass(NativeThread.currentId(), true);
                    assertThat(policy()).isEqualTo(LinuxConstants.SCHED_IDLE);
                    NativeThread.setNice(7);
                    assertThat(nice()).isEqualTo("7");
                });
        thread.join();
        assertThat(failure.get()).isNull();
    }

    @Test
    @Requires(Facility.ROOT)
    void rootLeavesTheIdleClassAgain() throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = Thread.ofPlatform()
                .uncaughtExceptionHandler((t, e) -> failure.set(e))
                .start(() -> {
                    NativeThread.setIdleClass(NativeThread.currentId(), true);
                    NativeThread.setIdleClass(NativeThread.currentId(), false);
                    assertThat(policy()).isEqualTo(LinuxConstants.SCHED_NORMAL);
                });
        thread.join();
        assertThat(failure.get()).isNull();
    }

    @Test
    void theKickSignalEndsAWaitAndNothingElse() throws Exception {
        KickSignal.install();
        KickSignal.install();
        int self = NativeThread.currentId();
        Thread sender = Thread.ofPlatform().start(() -> {
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            KickSignal.send(self);
        });
        try (Epoll epoll = new Epoll("a long wait", 1)) {
            long start = System.nanoTime();
            assertThat(epoll.await(20_000)).isZero();
            assertThat(System.nanoTime() - start).isLessThan(15_000_000_000L);
        }
        sender.join();
    }

    /** Of the calling thread; proc(5), {@code /proc/pid/stat}. */
    private static String nice() {
        try {
            String stat = Files.readString(Path.of("/proc/thread-self/stat"));
            return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[16];
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Field 41 of {@code /proc/thread-self/stat}, proc(5). */
    private static int policy() {
        try {
            String stat = Files.readString(Path.of("/proc/thread-self/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return Integer.parseInt(fields[41 - 3]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aThreadsProcessorTimeIsWhatItWorkedAndNotWhatItWaited() throws Exception {
        AtomicReference<Integer> id = new AtomicReference<>();
        CountDownLatch worked = new CountDownLatch(1);
        CountDownLatch seen = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().start(() -> {
            id.set(NativeThread.currentId());
            long startNanos = NativeThread.cpuNanos(id.get());
            while (NativeThread.cpuNanos(id.get()) - startNanos < 50_000_000) {
                Thread.onSpinWait();
            }
            worked.countDown();
            try {
                seen.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        worked.await();
        Thread.sleep(20);
        long waiting = NativeThread.cpuNanos(id.get());
        assertThat(waiting).isGreaterThanOrEqualTo(50_000_000);
        Thread.sleep(50);
        assertThat(NativeThread.cpuNanos(id.get())).isEqualTo(waiting);
        seen.countDown();
        thread.join();
        // The kernel's thread ends a little after Java's.
        while (NativeThread.cpuNanos(id.get()) >= 0) {
            Thread.sleep(1);
        }
    }

    @Test
    void whatIsNoTerminalHasNoSize() throws Exception {
        assertThat(Terminal.size(-1)).isNull();
        try (Fd file = Fd.open("/dev/null", LinuxConstants.O_RDWR)) {
            assertThat(Terminal.size(file.number())).isNull();
        }
    }
}
