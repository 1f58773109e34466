package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.kvm.Kvm;
import dev.lull.kvm.KvmConstants;
import dev.lull.kvm.VmFd;
import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.FileIo;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.LinuxException;
import dev.lull.linux.Mapping;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The native core's copying of memory, of a VM without vCPUs: the test writes, and notes what it wrote as devices do. */
@Requires(Facility.KVM)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MemoryCopyTest {
    private static final int PAGE = Mapping.PAGE_BYTES;

    /** Neither is a whole number of words; the first is more than a run of words. */
    private static final int[] PAGES = {1000, 70};

    private static final long STEP_NANOS = 50_000;

    @TempDir
    Path directory;

    private final Mapping[] memory = new Mapping[PAGES.length];
    private final MemorySegment[] written = new MemorySegment[PAGES.length];
    private final Arena arena = Arena.ofShared();
    private Path path;
    private Fd file;
    private Kvm kvm;
    private VmFd vm;
    private MemoryCopy copy;

    @BeforeEach
    void begin() {
        path = directory.resolve("copy");
        file = Fd.open(path.toString(), LinuxConstants.O_RDWR | LinuxConstants.O_CREAT, 0600);
        FileIo.setSize(file, sizeBytes());
        kvm = Kvm.open();
        vm = kvm.createVm("copied");
        assertThat(vm.setManualDirtyLog()).isTrue();
        for (int i = 0; i < PAGES.length; i++) {
            memory[i] = Mapping.anonymous((long) PAGES[i] * PAGE);
            written[i] = arena.allocate((PAGES[i] / 64 + 1) * 8L, 8);
            vm.setMemoryRegion(i, KvmConstants.KVM_MEM_LOG_DIRTY_PAGES, (long) i << 32, memory[i].segment());
        }
    }

    @AfterEach
    void end() {
        if (copy != null) {
            copy.close();
        }
        vm.close();
        kvm.close();
        for (Mapping mapping : memory) {
            mapping.close();
        }
        file.close();
        arena.close();
    }

    private static long sizeBytes() {
        long pages = 0;
        for (int count : PAGES) {
            pages += count;
        }
        return pages * PAGE;
    }

    private MemoryCopy copyTo(Fd target) {
        copy = new MemoryCopy(
                vm,
                target,
                List.of(
                        new MemoryCopy.Slot(0, memory[0].segment(), 0, written[0]),
                        new MemoryCopy.Slot(1, memory[1].segment(), (long) PAGES[0] * PAGE, written[1])));
        return copy;
    }

    private void write(int slot, int page, int value) {
        memory[slot].segment().set(JAVA_INT, (long) page * PAGE + 8, value);
        note(slot, page);
    }

    private void note(int slot, int page) {
        long word = written[slot].getAtIndex(JAVA_LONG, page / 64);
        written[slot].setAtIndex(JAVA_LONG, page / 64, word | 1L << page);
    }

    private IdleOutcome pass() {
        IdleOutcome outcome = IdleOutcome.MORE;
        while (outcome == IdleOutcome.MORE) {
            outcome = copy.step(STEP_NANOS);
        }
        return outcome;
    }

    private void assertCopied() throws IOException {
        byte[] bytes = Files.readAllBytes(path);
        assertThat(bytes).hasSize((int) sizeBytes());
        int at = 0;
        for (Mapping mapping : memory) {
            byte[] expected = mapping.segment().toArray(JAVA_BYTE);
            assertThat(Arrays.mismatch(bytes, at, at + expected.length, expected, 0, expected.length))
                    .isEqualTo(-1);
            at += expected.length;
        }
    }

    @Test
    void whatThereIsIsCopiedAndNothingElseProvided() throws IOException {
        write(0, 0, 1);
        write(0, 999, 2);
        write(1, 69, 3);
        long provided = provided();
        copyTo(file);
        assertThat(pass()).isEqualTo(IdleOutcome.DONE);
        assertThat(provided()).isEqualTo(provided);
        assertThat(copy.units()).isLessThanOrEqualTo(provided).isGreaterThanOrEqualTo(3);
        assertCopied();
    }

    @Test
    void laterPassesAreOfWhatWasWrittenSince() throws IOException {
        copyTo(file);
        pass();
        long before = copy.units();
        write(0, 64, 4);
        write(0, 511, 5);
        write(0, 512, 6);
        write(1, 0, 7);
        copy.nextPass();
        assertThat(pass()).isEqualTo(IdleOutcome.DONE);
        assertThat(copy.units() - before).isEqualTo(4);
        assertCopied();
        copy.nextPass();
        pass();
        assertThat(copy.units() - before).isEqualTo(4);
    }

    @Test
    void whatWasGivenBackIsAHoleAgain() throws IOException {
        for (int page = 0; page < 70; page++) {
            write(1, page, page + 1);
        }
        copyTo(file);
        pass();
        assertCopied();
        assertThat(Mapping.discard(memory[1].segment(), 3L * PAGE, 60L * PAGE)).isZero();
        for (int page = 3; page < 63; page++) {
            note(1, page);
        }
        copy.nextPass();
        pass();
        byte[] bytes = Files.readAllBytes(path);
        for (int page = 0; page < 70; page++) {
            int expected = page >= 3 && page < 63 ? 0 : page + 1;
            assertThat(bytes[(PAGES[0] + page) * PAGE + 8]).as("page %d", page).isEqualTo((byte) expected);
        }
        assertCopied();
    }

    @Test
    void aStepIsShortAndTheNextGoesOnBehindIt() throws IOException {
        for (int page = 0; page < PAGES[0]; page++) {
            write(0, page, page);
        }
        copyTo(file);
        int steps = 0;
        while (copy.step(STEP_NANOS) == IdleOutcome.MORE) {
            steps++;
        }
        assertThat(steps).isGreaterThan(10);
        assertThat(copy.units()).isBetween((long) PAGES[0], sizeBytes() / PAGE);
        assertCopied();
    }

    @Test
    void theRestIsCopiedWhereverAStepHasStopped() throws IOException {
        for (int steps = 0; steps < 40; steps++) {
            for (int page = 0; page < PAGES[0]; page += 3) {
                write(0, page, steps << 16 | page);
            }
            copyTo(file);
            for (int i = 0; i < steps; i++) {
                copy.step(STEP_NANOS);
                write(0, 3 * i, -steps);
                write(1, i, steps);
            }
            copy.claim();
            assertThat(copy.step(STEP_NANOS)).isEqualTo(IdleOutcome.BLOCKED);
            copy.finish();
            assertCopied();
            copy.close();
        }
        copy = null;
    }

    @Test
    void aFileThatCannotBeWrittenEndsIt() {
        write(0, 10, 1);
        try (Fd readOnly = Fd.open(path.toString(), LinuxConstants.O_RDONLY)) {
            copyTo(readOnly);
            assertThat(pass()).isEqualTo(IdleOutcome.DONE);
            assertThatThrownBy(copy::check)
                    .isInstanceOfSatisfying(
                            LinuxException.class,
                            failure -> assertThat(failure.errno()).isEqualTo(Errno.EBADF));
            long units = copy.units();
            assertThat(pass()).isEqualTo(IdleOutcome.DONE);
            assertThat(copy.units()).isEqualTo(units);
            copy.claim();
            assertThatThrownBy(copy::finish).isInstanceOf(LinuxException.class);
        }
    }

    private long provided() {
        long pages = 0;
        for (int i = 0; i < PAGES.length; i++) {
            pages += Mapping.residentPages(
                    memory[i].segment(), 0, memory[i].segment().byteSize(), arena.allocate(1024, 8));
        }
        return pages;
    }
}
