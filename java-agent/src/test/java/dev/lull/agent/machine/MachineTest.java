package dev.lull.agent.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.lull.agent.boot.Platform;
import dev.lull.device.legacy.PowerRegisters;
import dev.lull.kvm.KvmConstants;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Requires(Facility.KVM)
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MachineTest {
    private static final int CYCLES = 50;

    @Test
    void guestPowersOff() throws InterruptedException {
        GuestConsole console = new GuestConsole();
        try (Machine machine = machine(Payload.BOOT, 1, console)) {
            machine.start();
            MachineEnd end = machine.awaitEnd();
            assertThat(end.kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
            assertThat(end.isOrderly()).isTrue();
            assertThat(console.text()).isEqualTo("lull-payload: running\n");
            assertThat(machine.bootNanos()).isPositive();
            assertThat(machine.exitStats().getFirst().count(KvmConstants.KVM_EXIT_IO))
                    .isEqualTo(console.text().length() + 2);
        }
    }

    @Test
    void whatTheTablesTellTheGuestPowersOffIsWhatPowersOff() {
        List<String> events = new ArrayList<>();
        PowerRegisters registers = new PowerRegisters(() -> events.add("off"), () -> events.add("reset"));
        registers.write(0, 1, Platform.POWER_OFF_VALUE);
        assertThat(events).containsExactly("off");
    }

    @Test
    void tripleFaultIsReportedWithRegisters() throws InterruptedException {
        try (Machine machine = machine(Payload.FAULT, 1, new GuestConsole())) {
            machine.start();
            MachineEnd end = machine.awaitEnd();
            assertThat(end.kind()).isEqualTo(MachineEnd.Kind.FAILED);
            assertThat(end.message()).doesNotContain("\n");
            assertThat(end.details()).contains("RIP", "CR3", "registers of vCPU 0");
        }
    }

    @Test
    void startStopCyclesLeaveNothingBehind() throws Exception {
        Footprint before = null;
        for (int cycle = 0; cycle <= CYCLES; cycle++) {
            try (Machine machine = machine(Payload.SPIN, 2, new GuestConsole())) {
                machine.start();
                machine.stop();
                assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.STOPPED);
            }
            if (cycle == 0) {
                before = Footprint.measure();
            }
        }
        assertThat(Footprint.measure()).isEqualTo(before);
    }

    @Test
    void unstartedMachineCloses() {
        machine(Payload.SPIN, 2, new GuestConsole()).close();
    }

    @Test
    void theEndIsToldOnceAndMayHaveTheMachineClosed() throws Exception {
        Footprint before = null;
        try (ExecutorService closer = Executors.newSingleThreadExecutor()) {
            for (int cycle = 0; cycle <= CYCLES; cycle++) {
                BlockingQueue<MachineEnd> told = new LinkedBlockingQueue<>();
                CompletableFuture<Machine> made = new CompletableFuture<>();
                CompletableFuture<Void> closed = new CompletableFuture<>();
                Machine machine = Machine.create(config(Payload.SPIN, 2)
                        .onEnd(end -> {
                            told.add(end);
                            closer.execute(() -> {
                                made.join().close();
                                closed.complete(null);
                            });
                        })
                        .build());
                made.complete(machine);
                machine.start();
                assertThat(machine.end()).isNull();
                machine.stop();
                machine.stop();
                closed.get(60, TimeUnit.SECONDS);
                assertThat(told).containsExactly(machine.awaitEnd());
                assertThat(machine.end()).isEqualTo(told.peek());
                if (cycle == 0) {
                    before = Footprint.measure();
                }
            }
            assertThat(Footprint.measure()).isEqualTo(before);
        }
    }

    @Test
    void theEndOfAMachineThatWasNeverStartedIsNotTold() throws InterruptedException {
        BlockingQueue<MachineEnd> told = new LinkedBlockingQueue<>();
        try (Machine machine =
                Machine.create(config(Payload.SPIN, 2).onEnd(told::add).build())) {
            machine.stop();
            assertThat(machine.end()).isNotNull();
            assertThat(told).isEmpty();
            machine.start();
            assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.STOPPED);
        }
        assertThat(told).hasSize(1);
        try (Machine machine =
                Machine.create(config(Payload.SPIN, 1).onEnd(told::add).build())) {
            machine.stop();
        }
        assertThat(told).hasSize(1);
    }

    @Test
    void ctrlAltDelIsForAGuestThatReadsItsKeyboard() {
        Machine typed = Machine.create(config(Payload.SPIN, 1).keyboard(true).build());
        try (typed) {
            typed.start();
            typed.sendCtrlAltDel();
            assertThatThrownBy(typed::sendCtrlAltDel)
                    .isInstanceOf(MachineException.class)
                    .hasMessage("test: the guest does not listen to its keyboard");
        }
        assertThatThrownBy(typed::sendCtrlAltDel).isInstanceOf(IllegalStateException.class);
        try (Machine machine = machine(Payload.SPIN, 1, new GuestConsole())) {
            assertThatThrownBy(machine::sendCtrlAltDel)
                    .isInstanceOf(ConfigException.class)
                    .hasMessage("test was made without a keyboard");
        }
    }

    @Test
    void startsOnce() {
        try (Machine machine = machine(Payload.SPIN, 1, new GuestConsole())) {
            machine.start();
            assertThatThrownBy(machine::start).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void pausedMachineDoesNotExit() throws InterruptedException {
        try (Machine machine = machine(Payload.SPIN, 1, new GuestConsole())) {
            machine.start();
            ExitStats stats = machine.exitStats().getFirst();
            for (int round = 0; round < 200; round++) {
                machine.pause();
                long paused = stats.count(KvmConstants.KVM_EXIT_IO);
                Thread.onSpinWait();
                assertThat(stats.count(KvmConstants.KVM_EXIT_IO)).isEqualTo(paused);
                machine.resume();
                awaitExits(stats, paused + 1);
            }
        }
    }

    @Test
    void pausesResumesAndStopsAtRandomMomentsFromManyThreads() throws InterruptedException {
        for (int seed = 0; seed < 20; seed++) {
            try (Machine machine = machine(Payload.SPIN, 1, new GuestConsole())) {
                List<Thread> threads = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    SplittableRandom random = new SplittableRandom(31L * seed + i);
                    threads.add(Thread.ofPlatform().start(() -> disturb(machine, random)));
                }
                machine.start();
                for (Thread thread : threads) {
                    thread.join();
                }
                machine.stop();
                assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.STOPPED);
            }
        }
    }

    @Test
    void exitsAllocateNothing() throws InterruptedException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Machine machine = machine(Payload.SPIN, 1, new GuestConsole())) {
            machine.start();
            ExitStats stats = machine.exitStats().getFirst();
            long vcpu = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("test-vcpu0"))
                    .findFirst()
                    .orElseThrow()
                    .threadId();
            // While code is still being compiled the JVM itself may allocate, now and then; an exit that does never
            // stops.
            int quietWindows = 0;
            for (int window = 0; window < 30 && quietWindows < 3; window++) {
                long exitsBefore = stats.count(KvmConstants.KVM_EXIT_IO);
                long bytesBefore = threads.getThreadAllocatedBytes(vcpu);
                awaitExits(stats, exitsBefore + 50_000);
                quietWindows = threads.getThreadAllocatedBytes(vcpu) == bytesBefore ? quietWindows + 1 : 0;
            }
            assertThat(quietWindows)
                    .as("windows of 50,000 exits without allocation, in a row")
                    .isEqualTo(3);
        }
    }

    private static void disturb(Machine machine, SplittableRandom random) {
        try {
            for (int i = 0; i < 50; i++) {
                if (random.nextBoolean()) {
                    machine.pause();
                }
                TimeUnit.MICROSECONDS.sleep(random.nextInt(200));
                machine.resume();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void awaitExits(ExitStats stats, long count) throws InterruptedException {
        while (stats.count(KvmConstants.KVM_EXIT_IO) < count) {
            Thread.sleep(1);
        }
    }

    private static Machine machine(Path kernel, int vcpus, GuestConsole console) {
        return Machine.create(config(kernel, vcpus).consoleOutput(console).build());
    }

    private static MachineConfig.Builder config(Path kernel, int vcpus) {
        return MachineConfig.kernel(kernel).name("test").vcpus(vcpus).memoryBytes(64 << 20);
    }
}
