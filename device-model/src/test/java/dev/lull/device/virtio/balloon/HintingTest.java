package dev.lull.device.virtio.balloon;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.memory.GuestMemory;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.TestContext;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.VirtioException;
import dev.lull.linux.Mapping;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pages a guest names in a run of hints go back to the host, those of other runs do not, and each run ends as it should. */
class HintingTest {
    private static final int HINTS = 2;
    private static final int REPORTING = 3;
    private static final long FEATURES = 1 << 3 | 1 << 5;
    private static final int MIB = 1 << 20;
    private static final int PAGE = 4096;

    /** What lies below is the queues' and buffers'. */
    private static final long FREE_GPA = 16 * MIB;

    private final Mapping ram = Mapping.anonymous(64 * MIB);
    private final TestGuest guest = new TestGuest(new GuestMemory(List.of(new GuestMemory.Region(0, ram.segment()))));
    private final TestQueue hints = new TestQueue(guest, 128);
    private final TestQueue reporting = new TestQueue(guest, 128);
    private final DeviceStats stats = DeviceStats.inMemory("balloon0", 12);
    private final VirtioBalloon balloon = new VirtioBalloon(
            new VirtioBalloon.Options(false, false, true, true, PAGE), stats, SystemNanoClock.INSTANCE);
    private final TestContext context =
            new TestContext(guest, FEATURES, new TestQueue(guest, 128), new TestQueue(guest, 128), hints, reporting);

    @BeforeEach
    void activate() {
        context.activate(balloon);
        guest.at(FREE_GPA, 16 * MIB).fill((byte) 1);
    }

    @AfterEach
    void close() {
        context.close();
        balloon.close();
        ram.close();
    }

    private void say(int command) {
        byte[] word = ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(command)
                .array();
        hints.chain().readable(word).publish();
    }

    private void hint(long gpa) {
        hints.chain().writableAt(gpa, MIB).publish();
    }

    private void serve() {
        balloon.notified(HINTS);
        while (hints.takeUsed() != null) {
            // The driver takes all its buffers back.
        }
    }

    private long commandOfConfiguration() {
        return balloon.readConfig(8, 4);
    }

    private byte at(long gpa) {
        return guest.at(gpa, 1).get(JAVA_BYTE, 0);
    }

    @Test
    void pagesOfTheRunLeaveTheProcess() {
        assertThat(balloon.features()).isEqualTo(FEATURES);
        assertThat(balloon.queueSizes()).hasSize(4);
        assertThat(commandOfConfiguration()).isZero();
        assertThat(balloon.hintingStatus().guestCommand()).isEmpty();
        balloon.startHinting(true);
        assertThat(context.configChanges()).isEqualTo(1);
        assertThat(commandOfConfiguration()).isEqualTo(2);
        say(2);
        hint(FREE_GPA);
        hint(FREE_GPA + MIB);
        serve();
        assertThat(balloon.hintingStatus().hostCommand()).isEqualTo(2);
        assertThat(balloon.hintingStatus().guestCommand()).hasValue(2);
        assertThat(at(FREE_GPA)).isZero();
        assertThat(at(FREE_GPA + 2 * MIB - 1)).isZero();
        assertThat(at(FREE_GPA + 2 * MIB)).isEqualTo((byte) 1);
        assertThat(stats.requests().get(3).bytes()).isEqualTo(2 * MIB);
        say(0);
        serve();
        assertThat(commandOfConfiguration()).as("done").isEqualTo(1);
        assertThat(context.configChanges()).isEqualTo(2);
        assertThat(balloon.hintingStatus().guestCommand()).hasValue(0);
    }

    @Test
    void hintsOutsideTheRunAreNone() {
        hint(FREE_GPA);
        say(7);
        hint(FREE_GPA);
        serve();
        balloon.startHinting(true);
        hint(FREE_GPA);
        serve();
        say(2);
        serve();
        balloon.startHinting(true);
        hint(FREE_GPA);
        serve();
        balloon.stopHinting();
        say(1);
        hint(FREE_GPA);
        serve();
        assertThat(at(FREE_GPA)).isEqualTo((byte) 1);
        assertThat(stats.requests().get(3).requests()).isZero();
    }

    @Test
    void theEndOfAFormerRunIsNotThatOfTheNext() {
        balloon.startHinting(true);
        say(2);
        serve();
        balloon.startHinting(true);
        say(0);
        serve();
        assertThat(commandOfConfiguration()).isEqualTo(3);
        say(3);
        hint(FREE_GPA);
        say(0);
        serve();
        assertThat(at(FREE_GPA)).isZero();
        assertThat(commandOfConfiguration()).isEqualTo(1);
    }

    @Test
    void aRunMayBeLeftForTheHostToEnd() {
        balloon.startHinting(false);
        say(2);
        say(0);
        serve();
        assertThat(commandOfConfiguration()).isEqualTo(2);
        balloon.stopHinting();
        assertThat(balloon.hintingStatus().hostCommand()).isEqualTo(1);
        assertThat(context.configChanges()).isEqualTo(2);
    }

    @Test
    void aResetForgetsTheRun() {
        balloon.startHinting(true);
        say(2);
        serve();
        context.reset();
        assertThat(commandOfConfiguration()).isZero();
        assertThat(balloon.hintingStatus().guestCommand()).isEmpty();
        assertThatThrownBy(() -> balloon.startHinting(true))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no balloon driver");
        assertThatThrownBy(balloon::stopHinting).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void reportsHaveTheQueueBehind() {
        reporting.chain().writableAt(FREE_GPA, MIB).publish();
        balloon.notified(REPORTING);
        assertThat(at(FREE_GPA)).isZero();
        assertThat(reporting.takeUsed()).isNotNull();
    }

    @Test
    void aCommandOfTheWrongSizeBreaksTheDevice() {
        hints.chain().readable(new byte[5]).publish();
        assertThatThrownBy(() -> balloon.notified(HINTS)).isInstanceOf(VirtioException.class);
    }

    @Test
    void aBalloonMadeWithoutHintingHasNone() {
        try (VirtioBalloon other = new VirtioBalloon(
                new VirtioBalloon.Options(false, true, false, true, PAGE),
                DeviceStats.inMemory("b", 9),
                SystemNanoClock.INSTANCE)) {
            assertThat(other.features() & 1 << 3).isZero();
            assertThat(other.readConfig(8, 4)).isZero();
            assertThatThrownBy(() -> other.startHinting(true)).hasMessageContaining("without free page hinting");
            assertThatThrownBy(other::hintingStatus).isInstanceOf(IllegalStateException.class);
        }
    }
}
