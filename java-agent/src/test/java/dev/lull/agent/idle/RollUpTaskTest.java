package dev.lull.agent.idle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.idle.ActivityHistory.Unit;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import dev.lull.idle.IdleOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Counts become rates of seconds, minutes and hours, and nothing is counted twice or left out. */
class RollUpTaskTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final List<DeviceStats> devices = new ArrayList<>();
    private long now = 5 * SECOND;
    private long exits = 1000;

    private RollUpTask begin() {
        return new RollUpTask(() -> exits, () -> devices, () -> now);
    }

    private void second(RollUpTask task, long moreExits) {
        now += SECOND;
        exits += moreExits;
        assertThat(task.step(50_000)).isEqualTo(IdleOutcome.BLOCKED);
    }

    @Test
    void whatCameBeforeIsNotCounted() {
        RollUpTask task = begin();
        assertThat(task.step(50_000)).isEqualTo(IdleOutcome.BLOCKED);
        assertThat(task.history().count(Unit.SECONDS)).isZero();
        assertThat(task.blockedNanos()).isEqualTo(SECOND);
        second(task, 30);
        second(task, 10);
        Activity seconds = task.history().last(Unit.SECONDS);
        assertThat(seconds.exits()).isEqualTo(40);
        assertThat(seconds.exitsPerSecond()).isEqualTo(20);
        assertThat(task.result()).isEqualTo("20.0 exits/s in the last 2 s; 0 minutes and 0 hours kept");
    }

    @Test
    void aSecondWithoutRestIsPartOfALongerOne() {
        RollUpTask task = begin();
        now += 3 * SECOND / 2;
        exits += 30;
        task.step(50_000);
        assertThat(task.history().last(Unit.SECONDS).exitsPerSecond()).isEqualTo(20);
        assertThat(task.history().count(Unit.SECONDS)).isEqualTo(1);
    }

    @Test
    void minutesAndHoursAreSumsAndTheOldestGo() {
        RollUpTask task = begin();
        for (int second = 0; second < 26 * 3600; second++) {
            second(task, 2);
        }
        assertThat(task.history().count(Unit.SECONDS)).isEqualTo(60);
        assertThat(task.history().count(Unit.MINUTES)).isEqualTo(60);
        assertThat(task.history().count(Unit.HOURS)).isEqualTo(24);
        assertThat(task.history().last(Unit.SECONDS).exits()).isEqualTo(2 * 60);
        assertThat(task.history().last(Unit.MINUTES).exits()).isEqualTo(2 * 3600);
        assertThat(task.history().last(Unit.HOURS).exits()).isEqualTo(2 * 24 * 3600);
        assertThat(task.history().last(Unit.HOURS).elapsedNanos()).isEqualTo(24 * 3600 * SECOND);
    }

    @Test
    void eachKindOfRequestIsRolledUp() {
        DeviceStats disk = DeviceStats.inMemory("disk0", 32);
        RequestStats reads = disk.request("read");
        RequestStats writes = disk.request("write");
        devices.add(disk);
        reads.record(0, 1_000_000, 512);
        RollUpTask task = begin();
        second(task, 0);
        assertThat(task.history().last(Unit.SECONDS).requests()).isEmpty();
        reads.record(0, 2_000, 4096);
        reads.record(0, 4_000, 4096);
        writes.recordFailure(0, 8_000);
        second(task, 0);
        disk.refresh();
        reads.record(0, 4_000, 4096);
        disk.refresh();
        second(task, 0);
        Activity seconds = task.history().last(Unit.SECONDS);
        assertThat(seconds.requests()).containsOnlyKeys("disk0.read", "disk0.write");
        Activity.Requests rolled = seconds.requests().get("disk0.read");
        assertThat(rolled.count()).isEqualTo(3);
        assertThat(rolled.bytes()).isEqualTo(3 * 4096);
        assertThat(rolled.nanos().getTotalCount()).isEqualTo(3);
        assertThat(rolled.nanos().getMaxValue()).isBetween(3_500L, 4_500L);
        assertThat(seconds.requests().get("disk0.write").failures()).isEqualTo(1);
        assertThat(task.result()).contains(", disk0.read 1.0/s with a p99 of 4.");
    }
}
