package dev.lull.device.virtio;

import dev.lull.device.loop.EventLoop;
import dev.lull.device.memory.GuestMemory;
import dev.lull.linux.Fd;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What a device under test is active with: queues of tests, and a loop the test turns. */
public final class TestContext implements VirtioContext, AutoCloseable {
    private final TestGuest guest;
    private final long features;
    private final TestQueue[] queues;
    private final EventLoop loop;
    private final List<Fd> watched = new ArrayList<>();
    private final AtomicInteger configChanges = new AtomicInteger();

    /** @param features what was negotiated */
    public TestContext(TestGuest guest, long features, TestQueue... queues) {
        this.guest = guest;
        this.features = features;
        this.queues = queues;
        loop = new EventLoop("test", fault -> {
            throw new AssertionError("a handler failed", fault);
        });
    }

    /** Turns the loop once, without waiting; its descriptors' handlers and tasks run on this thread. */
    public void turn() {
        loop.wakeUp();
        loop.doWork();
    }

    /** Turns the loop, waiting, until {@code condition} holds; fails after ten seconds. */
    public void turnUntil(BooleanSupplier condition) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("nothing came");
            }
            turn();
            Thread.onSpinWait();
        }
    }

    /** How often the device said its configuration had changed. */
    public int configChanges() {
        return configChanges.get();
    }

    /** As the transport does at a reset: watches no descriptor any more. */
    public void unwatchAll() {
        watched.forEach(loop::unwatch);
        watched.clear();
    }

    @Override
    public long features() {
        return features;
    }

    @Override
    public GuestMemory memory() {
        return guest.memory();
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    @Override
    public @Nullable Virtqueue queue(int index) {
        return index < queues.length ? queues[index].queue() : null;
    }

    @Override
    public void watch(Fd fd, int eventMask, EventLoop.Handler handler) {
        watched.add(fd);
        loop.watch(fd, eventMask, handler);
    }

    @Override
    public void unwatch(Fd fd) {
        watched.remove(fd);
        loop.unwatch(fd);
    }

    @Override
    public void configChanged() {
        configChanges.incrementAndGet();
    }

    @Override
    public void close() {
        loop.close();
    }
}
