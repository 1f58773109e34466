package dev.lull.device.virtio.rng;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.virtio.Allocations;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.NotedWrites;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.RequestStats;
import dev.lull.device.virtio.TestContext;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.TokenBucket;
import dev.lull.device.virtio.VirtioException;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The entropy device fills what it is given, at its rate, and refuses what it may not be given. */
class VirtioRngTest {
    private final TestGuest guest = new TestGuest();
    private final TestQueue driver = new TestQueue(guest, 64);
    private final DeviceStats stats = DeviceStats.inMemory("rng0", 4);
    private VirtioRng rng = new VirtioRng(RateLimiter.unlimited(), stats, SystemNanoClock.INSTANCE);
    private final RequestStats reads = stats.requests().getFirst();
    private TestContext context = new TestContext(guest, 0, driver);

    @AfterEach
    void close() {
        context.close();
        rng.close();
        stats.close();
    }

    @Test
    void whatItWritesIsNoted() {
        context.activate(rng);
        driver.chain().writable(5000).writable(9000).publish();
        NotedWrites writes = new NotedWrites(guest);
        rng.notified(0);
        writes.areOfAtLeast(4);
    }

    @Test
    void buffersAreFilledAndTheirEndsLeftAlone() {
        context.activate(rng);
        TestQueue.Chain request = driver.chain().writable(512).writable(512);
        int head = request.publish();
        long behind = guest.allocate(1024, 1);
        rng.notified(0);
        assertThat(driver.takeUsed()).isEqualTo(new TestQueue.Used(head, 1024));
        assertThat(driver.interrupts()).isEqualTo(1);
        assertThat(zeros(request.bytes(0)) + zeros(request.bytes(1))).isLessThan(50);
        assertThat(zeros(guest.at(behind, 1024).toArray(JAVA_BYTE))).isEqualTo(1024);
        assertThat(reads.requests()).isEqualTo(1);
        assertThat(reads.bytes()).isEqualTo(1024);
    }

    @Test
    void aHugeRequestIsGivenPartOfWhatItAsksFor() {
        context.activate(rng);
        int head = driver.chain().writableAt(TestGuest.HIGH_GPA, 1 << 20).publish();
        rng.notified(0);
        assertThat(driver.takeUsed()).isEqualTo(new TestQueue.Used(head, VirtioRng.MAX_REQUEST_BYTES));
        byte[] memory = guest.at(TestGuest.HIGH_GPA, 1 << 20).toArray(JAVA_BYTE);
        assertThat(zeros(memory)).isBetween((1 << 20) - VirtioRng.MAX_REQUEST_BYTES, (1 << 20) - 65_000);
    }

    @Test
    void aFullQueueIsServed() {
        context.activate(rng);
        for (int i = 0; i < 64; i++) {
            driver.chain().writableAt(0x800, 4).publish();
        }
        rng.notified(0);
        for (int i = 0; i < 64; i++) {
            assertThat(driver.takeUsed()).isNotNull();
        }
        assertThat(driver.takeUsed()).isNull();
    }

    @Test
    void aReadableBufferBreaksTheDevice() {
        context.activate(rng);
        driver.chain().readable((byte) 1).writable(4).publish();
        assertThatThrownBy(() -> rng.notified(0))
                .isInstanceOf(VirtioException.class)
                .hasMessageContaining("device-readable buffer");
    }

    @Test
    void aLimitedDeviceGoesOnWhenItIsTime() {
        rng = new VirtioRng(
                new RateLimiter("rng0", new TokenBucket(100, 0, 50_000_000, SystemNanoClock.INSTANCE), null),
                DeviceStats.inMemory("rng0", 4),
                SystemNanoClock.INSTANCE);
        context.activate(rng);
        int first = driver.chain().writable(100).publish();
        int second = driver.chain().writable(100).publish();
        rng.notified(0);
        assertThat(driver.takeUsed()).isEqualTo(new TestQueue.Used(first, 100));
        rng.notified(0);
        assertThat(driver.takeUsed()).isNull();
        TestQueue.Used[] used = new TestQueue.Used[1];
        context.turnUntil(() -> (used[0] = driver.takeUsed()) != null);
        assertThat(used[0]).isEqualTo(new TestQueue.Used(second, 100));
    }

    @Test
    void aLimitThatIsLiftedLetsWaitingRequestsGo() {
        rng.limiter().limitOperations(new TokenBucket(1, 0, 1L << 40, SystemNanoClock.INSTANCE));
        context.activate(rng);
        driver.chain().writable(100).publish();
        int second = driver.chain().writable(100).publish();
        rng.notified(0);
        assertThat(driver.takeUsed()).isNotNull();
        assertThat(driver.takeUsed()).isNull();
        rng.limiter().limitOperations(null);
        TestQueue.Used[] used = new TestQueue.Used[1];
        context.turnUntil(() -> (used[0] = driver.takeUsed()) != null);
        assertThat(used[0]).isEqualTo(new TestQueue.Used(second, 100));
    }

    @Test
    void afterAResetNothingIsTouched() {
        context.activate(rng);
        context.reset();
        driver.chain().writable(4).publish();
        rng.notified(0);
        assertThat(driver.takeUsed()).isNull();
        context.activate(rng);
        rng.notified(0);
        assertThat(driver.takeUsed()).isNotNull();
    }

    @Test
    @Tag("allocation")
    void nothingIsAllocatedForARequest() {
        context.activate(rng);
        driver.descriptor(0, 0x800, 64, TestQueue.WRITE, 0);
        Allocations.assertNone(this::serveMany);
    }

    private void serveMany() {
        for (int i = 0; i < 20_000; i++) {
            driver.publish(0);
            rng.notified(0);
        }
    }

    private static int zeros(byte[] bytes) {
        int count = 0;
        for (byte b : bytes) {
            count += b == 0 ? 1 : 0;
        }
        return count;
    }
}
