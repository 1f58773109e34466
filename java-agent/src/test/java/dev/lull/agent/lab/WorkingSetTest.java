package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.idle.IdleEvents;
import dev.lull.agent.idle.IdleMachine;
import dev.lull.agent.idle.IdleScheduler;
import dev.lull.agent.idle.IdleSettings;
import dev.lull.agent.idle.RollUpTask;
import dev.lull.agent.idle.Submission;
import dev.lull.agent.idle.WorkingSetTask;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;

/** What a guest does, as its host learns it in idle time: how much memory it touches, how often it leaves. */
@Tag("lab")
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM, Facility.ROOT})
class WorkingSetTest {
    private static final int MEMORY_MIB = 512;
    private static final int USED_MIB = 128;
    private static final long MIB = 1 << 20;

    @Test
    void whatAGuestTouchesIsSeenAndItsExitsAreRolledUp(TestReporter reporter) throws Exception {
        try (DebianGuest guest = DebianGuest.boot(List.of(0, 1), MEMORY_MIB, List.of());
                IdleScheduler scheduler = IdleScheduler.create(IdleSettings.DEFAULT, IdleEvents.NONE)) {
            IdleMachine watched = scheduler.watch(guest.machine());
            RollUpTask rolled = new RollUpTask(guest.machine().management());
            Submission rolling = watched.submit(rolled);
            WorkingSetTask resting = estimate(watched, guest);
            guest.run("(pages 90 %d >/tmp/pages 2>&1) & true".formatted(USED_MIB));
            guest.await("grep -q ready /tmp/pages");
            WorkingSetTask working = estimate(watched, guest);
            reporter.publishEntry(
                    "figures",
                    "at rest " + resting.result() + "; at work " + working.result() + "; " + rolled.result());
            assertThat(working.memory().touchedBytes() / MIB).isBetween(USED_MIB * 3 / 4L, USED_MIB * 2L);
            assertThat(resting.memory().touchedBytes())
                    .isLessThan(working.memory().touchedBytes() / 2);
            assertThat(working.memory().marginBytes() / MIB).isBetween(1L, (long) USED_MIB);
            assertThat(rolled.result()).contains(" exits/s in the last ");
            assertThat(rolling.state()).isNotEqualTo(Submission.State.ENDED);
            rolling.cancel();
            assertThat(rolling.end().get(10, TimeUnit.SECONDS)).isEqualTo(Submission.State.ENDED);
        }
    }

    private static WorkingSetTask estimate(IdleMachine watched, DebianGuest guest) throws Exception {
        WorkingSetTask task = new WorkingSetTask(
                guest.machine().management(), TimeUnit.SECONDS.toNanos(10), SystemNanoClock.INSTANCE);
        assertThat(watched.submit(task).end().get(2, TimeUnit.MINUTES))
                .as(task.result())
                .isEqualTo(Submission.State.DONE);
        return task;
    }
}
