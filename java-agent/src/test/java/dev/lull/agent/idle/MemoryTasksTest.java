package dev.lull.agent.idle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.Management;
import dev.lull.agent.machine.Payload;
import dev.lull.idle.IdleOutcome;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tasks on the memory of a machine that runs. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.KVM, Facility.ROOT})
class MemoryTasksTest {
    private static final long MEMORY_BYTES = 64 << 20;
    private static final long STEP_NANOS = 50_000;

    /** Behind its kernel the host has provided memory before the guest began. */
    @Test
    void whatTheGuestDoesNotUseGoesBackAndItRunsOn() throws InterruptedException {
        try (Machine machine = Machine.create(
                MachineConfig.kernel(Payload.SPIN).memoryBytes(MEMORY_BYTES).build())) {
            machine.start();
            Management management = machine.management();
            awaitExitsAfter(management, 0);
            try (ZeroPagesTask task = new ZeroPagesTask(management)) {
                while (task.step(STEP_NANOS) == IdleOutcome.MORE) {
                    assertThat(task.nativeWork().bytes()).isLessThanOrEqualTo(MEMORY_BYTES);
                }
                assertThat(task.pages().returnedBytes()).isGreaterThan(16 << 20);
                assertThat(task.result()).matches("\\d+ MiB seen: \\d+ MiB given back, .*");
            }
            try (ZeroPagesTask again = new ZeroPagesTask(management)) {
                while (again.step(STEP_NANOS) == IdleOutcome.MORE) {
                    assertThat(again.pages().error()).isZero();
                }
                assertThat(again.pages().returnedBytes()).isLessThan(1 << 20);
            }
            awaitExitsAfter(management, management.exits());
        }
    }

    @Test
    void aWorkingSetIsNotKnownBeforeItsTimeIsOver() {
        long[] now = {0};
        try (Machine machine = Machine.create(MachineConfig.kernel(Payload.SPIN)
                        .memoryBytes(MEMORY_BYTES)
                        .build());
                WorkingSetTask task = new WorkingSetTask(machine.management(), 100, () -> now[0])) {
            IdleOutcome outcome = IdleOutcome.MORE;
            while (outcome == IdleOutcome.MORE) {
                outcome = task.step(STEP_NANOS);
            }
            assertThat(outcome).isEqualTo(IdleOutcome.BLOCKED);
            assertThat(task.memory().units()).isEqualTo(MEMORY_BYTES >> 21);
            assertThat(task.blockedNanos()).isEqualTo(100);
            now[0] = 99;
            assertThat(task.step(STEP_NANOS)).isEqualTo(IdleOutcome.BLOCKED);
            assertThat(task.blockedNanos()).isEqualTo(1);
            assertThat(task.result()).startsWith("not known before");
        }
    }

    private static void awaitExitsAfter(Management management, long before) throws InterruptedException {
        while (management.exits() <= before + 100) {
            Thread.sleep(1);
        }
    }
}
