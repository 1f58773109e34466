package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.idle.FingerprintTask;
import dev.lull.agent.idle.IdleCheck;
import dev.lull.agent.idle.IdleCheck.Rest;
import dev.lull.agent.idle.IdleEvents;
import dev.lull.agent.idle.IdleLog;
import dev.lull.agent.idle.IdleMachine;
import dev.lull.agent.idle.IdleScheduler;
import dev.lull.agent.idle.IdleSettings;
import dev.lull.agent.idle.Submission;
import dev.lull.agent.idle.Task;
import dev.lull.agent.machine.DeviceConfig;
import dev.lull.idle.IdleOutcome;
import dev.lull.idle.NativeTask;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tasks run in the idle time of a stock Linux guest, and at no other time; the host kernel's trace is the witness. */
@Tag("lab")
@Timeout(value = 4, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class IdleTest {
    private static final int STEPS = 10_000;

    @TempDir
    Path directory;

    @Test
    void everyStepIsInARestOfOneVcpu() throws Exception {
        everyStepIsInARest(List.of(1), "while :; do usleep 5000; done");
    }

    @Test
    void everyStepIsInARestOfTwoVcpus() throws Exception {
        everyStepIsInARest(List.of(0, 1), "(while :; do usleep 10000; done) & while :; do usleep 17000; done");
    }

    @Test
    void twoVcpusOfOneCpuBothHaveToRest() throws Exception {
        everyStepIsInARest(List.of(1, 1), "(while :; do usleep 50000; done) & while :; do usleep 70000; done");
    }

    private void everyStepIsInARest(List<Integer> pins, String load) throws Exception {
        Path file = directory.resolve("idle.log");
        try (DeviceLab lab = DeviceLab.boot(pins, "", List.of())) {
            lab.run("(" + load + ") >/dev/null 2>&1 &");
            List<KernelTrace.Event> events;
            List<Integer> threads = threads(pins.size());
            try (KernelTrace trace = KernelTrace.start();
                    IdleLog log = IdleLog.create(file);
                    IdleScheduler scheduler = IdleScheduler.create(IdleSettings.DEFAULT, log)) {
                IdleMachine machine = scheduler.watch(lab.machine());
                while (machine.report().steps() < STEPS) {
                    Submission work = machine.submit(
                            new FingerprintTask(lab.machine().management().memory()));
                    assertThat(work.end().get(2, TimeUnit.MINUTES)).isEqualTo(Submission.State.DONE);
                }
                assertThat(machine.report().overdue()).isZero();
                machine.close();
                events = trace.stop();
            }
            IdleCheck check = IdleCheck.read(file);
            assertThat(check.steps()).hasSizeGreaterThanOrEqualTo(STEPS);
            assertThat(check.faults()).isEmpty();
            Map<Integer, List<Rest>> halts = KernelTrace.halts(events, threads);
            assertThat(halts.values().stream().mapToInt(List::size).sum()).isGreaterThan(10);
            for (int cpu : pins.stream().distinct().toList()) {
                for (int vcpu = 0; vcpu < pins.size(); vcpu++) {
                    if (pins.get(vcpu) == cpu) {
                        assertThat(check.faults(cpu, halts.get(threads.get(vcpu))))
                                .isEmpty();
                    }
                }
            }
            assertThat(check.steps().stream().map(IdleCheck.Step::beginCpu).distinct())
                    .isSubsetOf(pins);
        }
    }

    @Test
    void whoHasNothingToDoTakesNoTime() throws Exception {
        try (DeviceLab lab = DeviceLab.boot(List.of(1), "", List.of());
                IdleScheduler scheduler = IdleScheduler.create(IdleSettings.DEFAULT, IdleEvents.NONE)) {
            IdleMachine machine = scheduler.watch(lab.machine());
            machine.submit(new FingerprintTask(lab.machine().management().memory()))
                    .end()
                    .get(1, TimeUnit.MINUTES);
            Thread.sleep(100);
            long before = scheduler.workerCpuNanos().get(1);
            assertThat(before).isPositive();
            Thread.sleep(2000);
            assertThat(scheduler.workerCpuNanos().get(1)).isEqualTo(before);
        }
    }

    @Test
    void aGuestThatNeverHaltsKeepsItsCpuUntilADeadline() throws Exception {
        try (DeviceLab lab = DeviceLab.boot(List.of(1), "", List.of());
                IdleScheduler scheduler = IdleScheduler.create(IdleSettings.DEFAULT, IdleEvents.NONE)) {
            IdleMachine machine = scheduler.watch(lab.machine());
            lab.run("(while :; do :; done) >/dev/null 2>&1 &");
            Submission patient = machine.submit(
                    new FingerprintTask(lab.machine().management().memory()));
            Thread.sleep(500);
            long worked = machine.report().workedNanos();
            long begin = System.nanoTime();
            Thread.sleep(4000);
            long elapsed = System.nanoTime() - begin;
            assertThat(machine.report().workedNanos() - worked).isLessThan(elapsed / 1000);
            assertThat(patient.state()).isNotEqualTo(Submission.State.DONE);
            Submission due = machine.submit(
                    new DueTask(new FingerprintTask(lab.machine().management().memory()), 300_000_000));
            assertThat(due.end().get(1, TimeUnit.MINUTES)).isEqualTo(Submission.State.DONE);
            assertThat(due.overdueSteps()).isPositive();
            assertThat(machine.report().overdue()).isEqualTo(due.overdueSteps());
            // Signals take it out of the guest; it has not halted all the same.
            long steps = machine.report().steps();
            for (int i = 0; i < 200; i++) {
                lab.machine().pause();
                lab.machine().resume();
                Thread.sleep(2);
            }
            assertThat(machine.report().steps()).isEqualTo(steps);
        }
    }

    @Test
    void whatTheGuestAskedForComesFirst() throws Exception {
        Path image = directory.resolve("disk.img");
        Files.write(image, new byte[16 << 20]);
        Path file = directory.resolve("idle.log");
        List<DeviceConfig> disk = List.of(new DiskConfig("disk", image));
        try (DeviceLab lab = DeviceLab.boot(List.of(1), "", disk)) {
            // Rests of the disk's length alone are too short for a page on an emulated processor.
            lab.run("(while :; do dd if=/dev/vda of=/dev/null bs=4k count=64 iflag=direct; usleep 10000; done)"
                    + " >/dev/null 2>&1 &");
            List<KernelTrace.Event> events;
            int devices = KernelTrace.thread("vm-devices");
            try (KernelTrace trace = KernelTrace.start();
                    IdleLog log = IdleLog.create(file);
                    IdleScheduler scheduler = IdleScheduler.create(IdleSettings.DEFAULT, log)) {
                IdleMachine machine = scheduler.watch(lab.machine());
                while (machine.report().steps() < STEPS / 10) {
                    machine.submit(new FingerprintTask(
                                    lab.machine().management().memory()))
                            .end()
                            .get(3, TimeUnit.MINUTES);
                }
                machine.close();
                events = trace.stop();
            }
            List<Rest> unserved = KernelTrace.unserved(events, devices);
            assertThat(unserved).hasSizeGreaterThan(100);
            IdleCheck check = IdleCheck.read(file);
            NavigableMap<Long, Rest> byBegin = new TreeMap<>();
            unserved.forEach(wait -> byBegin.put(wait.beginNanos(), wait));
            assertThat(check.steps()).allSatisfy(step -> {
                Map.Entry<Long, Rest> wait = byBegin.lowerEntry(step.beginNanos());
                assertThat(wait == null || wait.getValue().endNanos() <= step.beginNanos())
                        .as("%s and %s", step, wait)
                        .isTrue();
            });
        }
    }

    /** A task with a deadline. */
    private record DueTask(FingerprintTask work, long deadlineNanos) implements Task {
        @Override
        public String name() {
            return "due";
        }

        @Override
        public IdleOutcome step(long budgetNanos) {
            return work.step(budgetNanos);
        }

        @Override
        public NativeTask nativeWork() {
            return work.nativeWork();
        }

        @Override
        public String result() {
            return work.result();
        }

        @Override
        public void close() {
            work.close();
        }
    }

    private static List<Integer> threads(int vcpus) throws IOException {
        List<Integer> threads = new ArrayList<>();
        for (int id = 0; id < vcpus; id++) {
            threads.add(KernelTrace.thread("vm-vcpu" + id));
        }
        return threads;
    }
}
