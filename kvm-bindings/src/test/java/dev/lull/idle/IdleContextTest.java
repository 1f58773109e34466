package dev.lull.idle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.kvm.StatsFile;
import dev.lull.kvm.VcpuStats;
import dev.lull.linux.Epoll;
import dev.lull.linux.EventFd;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.Mapping;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** When the native core's worker takes a step, against statistics that a test writes. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class IdleContextTest {
    private static final int PAGES = 4096;
    private static final long BATCH_NANOS = 50_000_000;

    @TempDir
    Path directory;

    private final StepAccount account = new StepAccount();
    private StatsFile vcpu;
    private VcpuStats stats;
    private IdleContext context;
    private Mapping memory;

    @BeforeEach
    void makeWorker() throws Exception {
        vcpu = new StatsFile(directory.resolve("stats"));
        stats = vcpu.open();
        context = new IdleContext("test", IdleContext.ANYWHERE, IdlePolicy.CONFIRMED, 1024, 5_000, 50_000);
        memory = Mapping.anonymous((long) PAGES * Mapping.PAGE_BYTES);
        for (int page = 0; page < PAGES; page++) {
            memory.segment().set(ValueLayout.JAVA_INT, (long) page * Mapping.PAGE_BYTES, page);
        }
    }

    @AfterEach
    void close() {
        context.close();
        stats.close();
        memory.close();
    }

    private Fingerprints fingerprints() {
        return Fingerprints.ofMemory(List.of(memory.segment()));
    }

    private void watch(RestingVcpu... vcpus) {
        context.setGuests(List.of(vcpus), List.of());
    }

    private IdleOutcome runToEnd(NativeTask task) {
        IdleOutcome outcome = context.run(task, account, BATCH_NANOS, BATCH_NANOS);
        for (int i = 0; i < 1000 && outcome == IdleOutcome.MORE; i++) {
            outcome = context.run(task, account, BATCH_NANOS, BATCH_NANOS);
        }
        return outcome;
    }

    @Test
    void aGuestThatRestsLendsItsTime() throws Exception {
        vcpu.halt();
        watch(new RestingVcpu(stats));
        try (Fingerprints task = fingerprints()) {
            task.setId(7);
            List<IdleRecord> records = new ArrayList<>();
            IdleOutcome outcome = IdleOutcome.MORE;
            while (outcome == IdleOutcome.MORE) {
                outcome = context.run(task, account, BATCH_NANOS, BATCH_NANOS);
                context.takeRecords(records::add);
            }
            assertThat(outcome).isEqualTo(IdleOutcome.DONE);
            assertThat(task.units()).isEqualTo(PAGES);
            assertThat(task.zeroPages()).isEqualTo(1);
            List<IdleRecord> steps = records.stream()
                    .filter(record -> record.kind() == IdleRecord.Kind.STEP)
                    .toList();
            assertThat(steps).hasSize((int) context.steps()).hasSizeGreaterThan(1);
            assertThat(steps).allMatch(step -> step.task() == 7 && !step.preempted());
            assertThat(account.steps()).isEqualTo(steps.size());
            assertThat(account.preempted()).isZero();
            assertThat(account.workedNanos())
                    .isEqualTo(steps.stream().mapToLong(IdleRecord::nanos).sum());
            Histogram expected = new Histogram(2);
            steps.forEach(step -> expected.recordValue(step.nanos()));
            Histogram accounted = new Histogram(2);
            account.forEach(accounted::recordValueWithCount);
            assertThat(accounted).isEqualTo(expected);
            assertThat(records.getLast().kind()).isEqualTo(IdleRecord.Kind.REST);
            IdleRecord rest = records.getLast();
            assertThat(steps.getLast().beginNanos()).isBetween(rest.beginNanos(), rest.endNanos());
        }
    }

    @Test
    void aGuestThatIsAwakeDoesNot() throws Exception {
        vcpu.halt();
        vcpu.wake();
        watch(new RestingVcpu(stats));
        try (Fingerprints task = fingerprints()) {
            assertThat(context.run(task, account, BATCH_NANOS, BATCH_NANOS)).isEqualTo(IdleOutcome.MORE);
            assertThat(task.units()).isZero();
            assertThat(context.steps()).isZero();
            assertThat(context.awake()).isPositive();
        }
    }

    @Test
    void aGuestThatIsWokenUpIsNoticedBeforeItRuns() throws Exception {
        vcpu.halt();
        watch(new RestingVcpu(stats));
        AtomicBoolean done = new AtomicBoolean();
        Thread alarm = Thread.ofPlatform().start(() -> {
            while (!done.get()) {
                try {
                    vcpu.wakeUp();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        try {
            while (account.preempted() == 0) {
                try (Fingerprints task = fingerprints()) {
                    context.run(task, account, BATCH_NANOS, BATCH_NANOS);
                    context.takeRecords(record -> {});
                }
            }
        } finally {
            done.set(true);
            alarm.join();
        }
    }

    @Test
    void allGuestsOfACpuHaveToRest() throws Exception {
        StatsFile other = new StatsFile(directory.resolve("other"));
        vcpu.halt();
        try (VcpuStats otherStats = other.open()) {
            watch(new RestingVcpu(stats), new RestingVcpu(otherStats));
            try (Fingerprints task = fingerprints()) {
                context.run(task, account, BATCH_NANOS, BATCH_NANOS);
                assertThat(task.units()).isZero();
                other.halt();
                assertThat(runToEnd(task)).isEqualTo(IdleOutcome.DONE);
            }
        }
    }

    @Test
    void restsThatAreTooShortAreLeftAlone() throws Exception {
        RestingVcpu resting = new RestingVcpu(stats);
        watch(resting);
        vcpu.rested(1000, 3_000);
        vcpu.halt();
        try (Fingerprints task = fingerprints()) {
            // The rest is found, and older than any other was, only after it was looked at for the first time.
            context.run(task, account, BATCH_NANOS, BATCH_NANOS);
            assertThat(context.declined()).isPositive();
        }
    }

    @Test
    void stepsFitIntoTheRestsThatWereLearned() throws Exception {
        // Of rests between 16 and 33 µs a step of 25 µs outlasts more than a half, one of 12.5 µs none.
        long inShortRests = medianFirstStepNanos(30_000);
        long inLongRests = medianFirstStepNanos(3_000_000);
        assertThat(inShortRests).isLessThan(25_000);
        // A first step is of as many units as are sure to fit: of 25 µs or more, by the processor.
        assertThat(inLongRests).isGreaterThan(3 * inShortRests / 2);
    }

    private long medianFirstStepNanos(long restNanos) throws Exception {
        vcpu.rested(10_000, restNanos);
        watch(new RestingVcpu(stats));
        List<Long> nanos = new ArrayList<>();
        for (int rest = 0; rest < 31; rest++) {
            vcpu.halt();
            try (Fingerprints task = fingerprints()) {
                context.run(task, account, BATCH_NANOS, BATCH_NANOS);
            }
            List<IdleRecord> records = new ArrayList<>();
            context.takeRecords(records::add);
            nanos.add(records.getFirst().nanos());
        }
        return nanos.stream().sorted().skip(15).findFirst().orElseThrow();
    }

    @Test
    void whatAGuestAskedForComesFirst() throws Exception {
        vcpu.halt();
        try (Arena arena = Arena.ofShared();
                Epoll epoll = new Epoll("loop", 4);
                EventFd doorbell = new EventFd("doorbell");
                Fingerprints task = fingerprints()) {
            MemorySegment busy = arena.allocate(ValueLayout.JAVA_INT);
            epoll.add(doorbell.fd(), LinuxConstants.EPOLLIN, 1);
            context.setGuests(List.of(new RestingVcpu(stats)), List.of(new DeviceLoop(epoll.number(), busy, false)));
            doorbell.signal();
            context.run(task, account, BATCH_NANOS, BATCH_NANOS);
            assertThat(task.units()).isZero();
            doorbell.drain();
            busy.set(ValueLayout.JAVA_INT, 0, 1);
            context.run(task, account, BATCH_NANOS, BATCH_NANOS);
            assertThat(task.units()).isZero();
            assertThat(context.ioFirst()).isPositive();
            busy.set(ValueLayout.JAVA_INT, 0, 0);
            assertThat(runToEnd(task)).isEqualTo(IdleOutcome.DONE);
        }
    }

    @Test
    void recordsNeverOutgrowTheirPlace() throws Exception {
        vcpu.halt();
        AtomicBoolean done = new AtomicBoolean();
        Thread guest = Thread.ofPlatform().start(() -> {
            while (!done.get()) {
                try {
                    vcpu.halt();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        int full = 0;
        try (IdleContext hasty = new IdleContext("hasty", IdleContext.ANYWHERE, IdlePolicy.CONFIRMED, 64, 500, 1_000)) {
            hasty.setGuests(List.of(new RestingVcpu(stats)), List.of());
            while (full < 100) {
                try (Fingerprints task = fingerprints()) {
                    IdleOutcome outcome = IdleOutcome.MORE;
                    while (outcome == IdleOutcome.MORE) {
                        outcome = hasty.run(task, account, 10_000_000_000L, BATCH_NANOS);
                        // Reading a record behind the last there is room for would fail.
                        hasty.takeRecords(record -> assertThat(record.halts()).isPositive());
                        full += outcome == IdleOutcome.MORE ? 1 : 0;
                    }
                }
            }
        } finally {
            done.set(true);
            guest.join();
        }
    }

    @Test
    void aRequestIsNotLost() throws Exception {
        vcpu.halt();
        vcpu.wake();
        watch(new RestingVcpu(stats));
        try (Fingerprints task = fingerprints()) {
            context.request();
            assertThat(context.run(task, account, BATCH_NANOS, BATCH_NANOS)).isEqualTo(IdleOutcome.REQUESTED);
            assertThat(context.await(1_000, BATCH_NANOS)).isEqualTo(IdleOutcome.REQUESTED);
            context.clearRequest();
            assertThat(context.run(task, account, BATCH_NANOS, BATCH_NANOS)).isEqualTo(IdleOutcome.MORE);
        }
    }

    @Test
    void aStepOfJavasOwnIsWaitedForAlike() throws Exception {
        vcpu.halt();
        watch(new RestingVcpu(stats));
        assertThat(context.await(10_000, BATCH_NANOS)).isEqualTo(IdleOutcome.MORE);
        vcpu.wake();
        assertThat(context.await(10_000, BATCH_NANOS)).isEqualTo(IdleOutcome.BLOCKED);
    }

    @Test
    void pagesAreToldApart() throws Exception {
        try (Mapping image = Mapping.anonymous(8L * Mapping.PAGE_BYTES);
                Fingerprints base = Fingerprints.ofImage(image.segment());
                Fingerprints task = fingerprints()) {
            for (int page = 0; page < 8; page++) {
                image.segment().set(ValueLayout.JAVA_INT, (long) page * Mapping.PAGE_BYTES, 100 + page);
            }
            for (int page = 200; page < 210; page++) {
                memory.segment().set(ValueLayout.JAVA_INT, (long) page * Mapping.PAGE_BYTES, 1);
            }
            task.compareWith(base);
            while (base.step(1_000_000) == IdleOutcome.MORE) {
                assertThat(base.units()).isPositive();
            }
            while (task.step(1_000_000) == IdleOutcome.MORE) {
                assertThat(task.units()).isPositive();
            }
            assertThat(task.basePages()).isEqualTo(8);
            assertThat(task.duplicatePages()).isEqualTo(10);
            assertThat(task.zeroPages()).isEqualTo(1);
            assertThat(task.absentPages()).isZero();
        }
    }

    @Test
    void whatTheHostHasNotProvidedIsLeftAlone() {
        try (Mapping untouched = Mapping.anonymous(16L << 20);
                Fingerprints task = Fingerprints.ofMemory(List.of(untouched.segment()))) {
            while (task.step(1_000_000) == IdleOutcome.MORE) {
                assertThat(task.units()).isPositive();
            }
            assertThat(task.absentPages()).isEqualTo(4096);
            assertThat(task.bytes()).isZero();
        }
    }
}
