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
    private @Nullable VirtioDevice device;
    private final List<Fd> watched = new ArrayList<>();
    private final AtomicInteger rung = new AtomicInteger();
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
        VirtioDevice served = device;
        for (int mask = rung.getAndSet(0); mask != 0 && served != null; mask &= mask - 1) {
            served.notified(Integer.numberOfTrailingZeros(mask));
        }
    }

    /** Activates {@code served}, whose queues a later {@link #ring} reaches. */
    public void activate(VirtioDevice served) {
        device = served;
        served.activate(this);
    }

    /** Resets the active device, as the transport does. */
    public void reset() {
        VirtioDevice served = device;
        device = null;
        boolean[] quiet = {false};
        if (served != null) {
            served.reset(() -> quiet[0] = true);
            turnUntil(() -> quiet[0]);
        }
        unwatchAll();
        rung.set(0);
    }

    /** Watches no descriptor any more. */
    public void unwatchAll() {
        watched.forEach(loop::unwatch);
        watched.clear();
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
    public void ring(int index) {
        rung.accumulateAndGet(1 << index, (mask, bit) -> mask | bit);
        loop.wakeUp();
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
