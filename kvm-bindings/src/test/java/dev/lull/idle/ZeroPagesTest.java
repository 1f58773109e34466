package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.kvm.StatsFile;
import dev.lull.kvm.VcpuStats;
import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.Mapping;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Zero pages go back to the host, and whatever is written meanwhile stays. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires(Facility.ROOT)
class ZeroPagesTest {
    private static final long PAGE_BYTES = Mapping.PAGE_BYTES;
    private static final int CHUNK_PAGES = 512;

    /** So few that writers often meet the moment in which pages go back. */
    private static final int FEW_PAGES = 48;

    private static final long STEP_NANOS = 50_000;
    private static final long SECONDS_NANOS = 4_000_000_000L;
    private static final long BATCH_NANOS = 50_000_000;
    private static final VarHandle COUNT = JAVA_INT.varHandle();

    @TempDir
    Path directory;

    private final MemorySegment reads = Arena.ofAuto().allocate(JAVA_INT);
    private Mapping memory = Mapping.anonymous(8L * CHUNK_PAGES * PAGE_BYTES);
    private final MemorySegment scratch = Arena.ofAuto().allocate(8L * CHUNK_PAGES, 8);

    @AfterEach
    void unmap() {
        memory.close();
    }

    private ZeroPages zeroPages() {
        return new ZeroPages(List.of(memory.segment()), reads);
    }

    private ZeroPages fewZeroPages() {
        return new ZeroPages(List.of(memory.segment().asSlice(0, FEW_PAGES * PAGE_BYTES)), reads);
    }

    private void touchAll() {
        assertThat(Mapping.populate(memory.segment(), 0, memory.segment().byteSize()))
                .isZero();
    }

    private long residentPages() {
        return Mapping.residentPages(memory.segment(), 0, memory.segment().byteSize(), scratch);
    }

    private void set(int page, long value) {
        memory.segment().set(JAVA_LONG, page * PAGE_BYTES + 8L * (page % 512), value);
    }

    private long get(int page) {
        return memory.segment().get(JAVA_LONG, page * PAGE_BYTES + 8L * (page % 512));
    }

    private static void walk(ZeroPages pages) {
        while (pages.step(STEP_NANOS) == IdleOutcome.MORE) {
            assertThat(pages.error()).isZero();
        }
        assertThat(pages.error()).isZero();
    }

    @Test
    void whatIsZeroGoesBackAndTheRestStays() {
        touchAll();
        // All zero, half of it, and a single page of a huge one.
        for (int page = CHUNK_PAGES; page < 2 * CHUNK_PAGES; page += 2) {
            set(page, page);
        }
        for (int page = 2 * CHUNK_PAGES + 1; page < 8 * CHUNK_PAGES; page++) {
            set(page, page);
        }
        try (ZeroPages pages = zeroPages()) {
            walk(pages);
            assertThat(pages.units()).isEqualTo(8L * CHUNK_PAGES);
            assertThat(pages.zeroPages()).isEqualTo(CHUNK_PAGES + CHUNK_PAGES / 2 + 1);
            assertThat(pages.returnedBytes()).isEqualTo((CHUNK_PAGES + CHUNK_PAGES / 2) * PAGE_BYTES);
            assertThat(pages.keptPages()).isEqualTo(1);
            assertThat(pages.rewrittenPages()).isZero();
            assertThat(pages.longestHoldNanos()).isPositive();
        }
        assertThat(residentPages()).isEqualTo(8L * CHUNK_PAGES - CHUNK_PAGES - CHUNK_PAGES / 2);
        for (int page = 0; page < 8 * CHUNK_PAGES; page++) {
            boolean zero = page < CHUNK_PAGES || page == 2 * CHUNK_PAGES || (page < 2 * CHUNK_PAGES && page % 2 == 1);
            assertThat(get(page)).isEqualTo(zero ? 0 : page);
        }
    }

    @Test
    void theSharedPageOfZerosIsNotGivenBackAgainAndAgain() {
        // Read, and never written: there is nothing of the host's behind it.
        long sum = 0;
        for (int page = 0; page < 8 * CHUNK_PAGES; page++) {
            sum += get(page);
        }
        assertThat(sum).isZero();
        try (ZeroPages pages = zeroPages()) {
            walk(pages);
            assertThat(pages.absentPages()).isEqualTo(8L * CHUNK_PAGES);
            assertThat(pages.holds()).isZero();
        }
    }

    @Test
    void aReadUnderWayPutsItOff() {
        touchAll();
        reads.set(JAVA_INT, 0, 1);
        try (ZeroPages pages = zeroPages()) {
            IdleOutcome outcome = IdleOutcome.MORE;
            while (outcome == IdleOutcome.MORE) {
                outcome = pages.step(STEP_NANOS);
            }
            assertThat(outcome).isEqualTo(IdleOutcome.BLOCKED);
            assertThat(pages.returnedBytes()).isZero();
            assertThat(pages.isPutOff()).isTrue();
            reads.set(JAVA_INT, 0, 0);
            walk(pages);
            assertThat(pages.returnedBytes()).isEqualTo(memory.segment().byteSize());
        }
    }

    @Test
    void noWriteIsLost() throws Exception {
        AtomicBoolean end = new AtomicBoolean();
        List<Callable<Long>> writers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int writer = i;
            writers.add(() -> write(writer, 3, end));
        }
        reclaimWhile(writers, end, false);
    }

    @Test
    void noReadByDirectIoIsLost() throws Exception {
        Path file = directory.resolve("file");
        ByteBuffer content = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        while (content.hasRemaining()) {
            content.putLong(0x5eed_0000_0000_0000L + content.position());
        }
        Files.write(file, content.array());
        AtomicBoolean end = new AtomicBoolean();
        reclaimWhile(List.of(() -> read(file, LinuxConstants.O_DIRECT, end), () -> write(1, 2, end)), end, false);
    }

    /** The worker is in SCHED_IDLE, and the writers do not leave it a CPU: whoever waits for it would wait long. */
    @Test
    void aWorkerWithoutACpuHoldsNobodyUp() throws Exception {
        AtomicBoolean end = new AtomicBoolean();
        List<Callable<Long>> writers = new ArrayList<>();
        int count = 2 * Runtime.getRuntime().availableProcessors();
        for (int i = 0; i < count; i++) {
            int writer = i;
            writers.add(() -> write(writer, count, end));
        }
        reclaimWhile(writers, end, true);
    }

    /** Walks again and again for some seconds beside {@code others}, each of which returns how often it checked. */
    private void reclaimWhile(List<Callable<Long>> others, AtomicBoolean end, boolean idle) throws Exception {
        long returned = 0;
        long until = System.nanoTime() + SECONDS_NANOS;
        StepAccount account = new StepAccount();
        StatsFile vcpu = new StatsFile(directory.resolve("stats"));
        vcpu.halt();
        try (ExecutorService threads = Executors.newCachedThreadPool();
                VcpuStats stats = vcpu.open();
                IdleContext context =
                        new IdleContext("test", IdleContext.ANYWHERE, IdlePolicy.CONFIRMED, 0, 5_000, STEP_NANOS)) {
            context.setGuests(List.of(new RestingVcpu(stats)), List.of());
            List<Future<Long>> running = others.stream().map(threads::submit).toList();
            try {
                while (System.nanoTime() < until) {
                    try (ZeroPages pages = fewZeroPages()) {
                        IdleOutcome outcome = IdleOutcome.MORE;
                        while (outcome != IdleOutcome.DONE && System.nanoTime() < until) {
                            outcome = idle
                                    ? context.run(pages, account, BATCH_NANOS, BATCH_NANOS)
                                    : pages.step(STEP_NANOS);
                        }
                        assertThat(pages.error()).isZero();
                        returned += pages.returnedBytes();
                    }
                }
            } finally {
                end.set(true);
            }
            for (Future<Long> other : running) {
                assertThat(other.get()).isGreaterThan(100);
            }
        }
        assertThat(returned).isPositive();
    }

    /** Writes pages of its own, looks whether it is there, and makes them zero again. */
    private long write(int writer, int writers, AtomicBoolean end) {
        Random random = new Random(writer);
        long checks = 0;
        while (!end.get()) {
            int page = random.nextInt(FEW_PAGES / writers) * writers + writer;
            assertThat(get(page)).isZero();
            set(page, ++checks);
            for (int spin = random.nextInt(300); spin > 0; spin--) {
                Thread.onSpinWait();
            }
            assertThat(get(page)).as("page %d", page).isEqualTo(checks);
            set(page, 0);
        }
        return checks;
    }

    /** Reads pieces of a file into even pages that are zero, and looks whether all of it is there. */
    private long read(Path file, int flags, AtomicBoolean end) {
        Random random = new Random(7);
        int most = 64;
        long checks = 0;
        try (Fd fd = Fd.open(file.toString(), LinuxConstants.O_RDONLY | flags)) {
            while (!end.get()) {
                int page = random.nextInt(FEW_PAGES / 2) * 2;
                MemorySegment target = memory.segment().asSlice(page * PAGE_BYTES, PAGE_BYTES);
                long offset = random.nextInt(most) * PAGE_BYTES;
                COUNT.setVolatile(reads, 0L, 1);
                long result = fd.readAt(target, offset);
                COUNT.setRelease(reads, 0L, 0);
                assertThat(result).isEqualTo(PAGE_BYTES);
                for (long at = 0; at < PAGE_BYTES; at += 8) {
                    assertThat(target.get(JAVA_LONG, at)).isEqualTo(0x5eed_0000_0000_0000L + offset + at);
                }
                target.fill((byte) 0);
                checks++;
            }
        }
        return checks;
    }
}
