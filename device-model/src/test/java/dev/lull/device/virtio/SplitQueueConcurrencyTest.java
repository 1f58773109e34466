package dev.lull.device.virtio;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A driver and a device on threads of their own, each asleep whenever the rules let it: were one notification lost, or an
 * index or a buffer seen too early, one of them would sleep for ever or a number would be wrong.
 */
class SplitQueueConcurrencyTest {
    private static final int SIZE = 64;
    private static final int CHAINS = 1_000_000;
    private static final int PATIENCE_SECONDS = 30;

    private final TestGuest guest = new TestGuest();
    private final long buffers = guest.allocate(8L * SIZE, 8);
    private final MemorySegment numbers = guest.at(buffers, 8L * SIZE);
    private final Semaphore doorbell = new Semaphore(0);
    private final Semaphore interrupt = new Semaphore(0);

    @ParameterizedTest
    @ValueSource(longs = {0, 1L << VirtioFeature.EVENT_IDX})
    void aMillionChainsArriveOnceAndInOrder(long features) throws Exception {
        TestQueue driver = new TestQueue(guest, SIZE, features);
        driver.onInterrupt(interrupt::release);
        for (int i = 0; i < SIZE; i++) {
            driver.descriptor(i, buffers + 8L * i, 8, TestQueue.WRITE, 0);
        }
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread device = Thread.ofPlatform()
                .uncaughtExceptionHandler((thread, e) -> failure.set(e))
                .start(() -> serve(driver.queue()));
        int published = 0;
        int returned = 0;
        while (returned < CHAINS) {
            int before = driver.availableIndex();
            while (published < CHAINS && published - returned < SIZE) {
                numbers.set(JAVA_LONG, 8L * (published % SIZE), published);
                driver.publish(published % SIZE);
                published++;
            }
            if (driver.availableIndex() != before && driver.wantsDoorbell(before)) {
                doorbell.release();
            }
            TestQueue.Used used = driver.takeUsed();
            if (used == null) {
                used = sleepUntilUsed(driver, returned, failure);
            }
            if (used.head() != returned % SIZE || used.writtenBytes() != returned) {
                throw new AssertionError(used + " instead of chain " + returned, failure.get());
            }
            returned++;
        }
        device.join();
        assertThat(failure.get()).isNull();
    }

    private TestQueue.Used sleepUntilUsed(TestQueue driver, int returned, AtomicReference<Throwable> failure)
            throws InterruptedException {
        while (true) {
            interrupt.drainPermits();
            driver.setUsedEvent(returned);
            driver.avail().set(JAVA_SHORT, 0, (short) 0);
            VarHandle.fullFence();
            TestQueue.Used used = driver.takeUsed();
            if (used != null) {
                driver.avail().set(JAVA_SHORT, 0, (short) 1);
                return used;
            }
            if (!interrupt.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("no interrupt for chain " + returned, failure.get());
            }
        }
    }

    /** The device's thread: returns each chain with as many bytes as its buffer says. */
    private void serve(SplitQueue queue) {
        DescriptorChain chain = new DescriptorChain(SIZE);
        int served = 0;
        while (served < CHAINS) {
            doorbell.drainPermits();
            queue.suppressDoorbells();
            do {
                while (queue.poll(chain)) {
                    long number = chain.memory(0).get(JAVA_LONG, chain.offset(0));
                    if (number != served) {
                        throw new AssertionError("chain " + served + " holds " + number);
                    }
                    queue.complete(chain, served++);
                }
                queue.flush();
            } while (queue.armDoorbells());
            try {
                if (served < CHAINS && !doorbell.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    throw new AssertionError("no doorbell for chain " + served);
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
