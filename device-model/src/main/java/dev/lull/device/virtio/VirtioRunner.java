package dev.lull.device.virtio;

import dev.lull.device.loop.EventLoop;
import dev.lull.device.memory.GuestMemory;
import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A device on its loop, from DRIVER_OK to the end of its reset. Whatever it throws breaks it alone: it then hears neither
 * doorbells nor its descriptors until it is reset.
 */
final class VirtioRunner implements VirtioContext {
    /** The transport, as the device needs it. Called on the loop. */
    interface Transport {
        /** The device works no more; the driver is to be told. */
        void broken(Throwable cause);

        /** The driver is to be told that the device's configuration has changed. */
        void configChanged();
    }

    /** Without draining the eventfd: each signal is an edge, and one from before the watch is reported at its start. */
    private static final int DOORBELL_EVENTS = LinuxConstants.EPOLLIN | (int) LinuxConstants.EPOLLET;

    private enum State {
        IDLE,
        ACTIVE,
        BROKEN,
        RESETTING
    }

    /** A descriptor the device watches; suspended while the device is broken. */
    private final class Watch implements EventLoop.Handler {
        private final Fd fd;
        private final int eventMask;
        private final EventLoop.Handler handler;
        private boolean live;

        private Watch(Fd fd, int eventMask, EventLoop.Handler handler) {
            this.fd = fd;
            this.eventMask = eventMask;
            this.handler = handler;
        }

        private void resume() {
            if (!live) {
                live = true;
                loop.watch(fd, eventMask, this);
            }
        }

        private void suspend() {
            if (live) {
                live = false;
                loop.unwatch(fd);
            }
        }

        @Override
        public void ready(int readyMask) {
            try {
                handler.ready(readyMask);
            } catch (RuntimeException | Error e) {
                suspend();
                fail(e);
            }
        }
    }

    private final VirtioDevice device;
    private final GuestMemory memory;
    private final EventLoop loop;
    private final Doorbell[] doorbells;
    private final Transport transport;
    private final AtomicInteger generation = new AtomicInteger();
    private final List<Watch> watches = new ArrayList<>();

    private State state = State.IDLE;
    private long features;
    private @Nullable Virtqueue[] queues = new Virtqueue[0];

    /** @param doorbells one a queue */
    VirtioRunner(VirtioDevice device, GuestMemory memory, EventLoop loop, Doorbell[] doorbells, Transport transport) {
        this.device = device;
        this.memory = memory;
        this.loop = loop;
        this.doorbells = doorbells;
        this.transport = transport;
    }

    /** Begins, soon. From any thread; the device is idle or its reset has been asked for before. */
    void activate(long newFeatures, @Nullable Virtqueue[] newQueues) {
        loop.execute(() -> begin(newFeatures, newQueues));
    }

    /**
     * Ends, soon. From any thread; the device was activated.
     *
     * @param idle runs on the loop when the device is as it was at first
     */
    void reset(Runnable idle) {
        loop.execute(() -> end(idle));
    }

    /** Breaks the device, if it is active. From any thread. */
    void breakDevice(Throwable cause) {
        loop.execute(() -> fail(cause));
    }

    /** {@link VirtioDevice#requestsUnderWay}. On the loop. */
    int requestsUnderWay() {
        int underWay = device.requestsUnderWay();
        if (underWay > 0 && state == State.BROKEN) {
            // They end by an event of one of these.
            watches.forEach(Watch::resume);
        }
        return underWay;
    }

    /** Changes whenever the device's configuration does, modulo 2^32. From any thread. */
    int generation() {
        return generation.get();
    }

    @Override
    public long features() {
        return features;
    }

    @Override
    public GuestMemory memory() {
        return memory;
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    @Override
    public @Nullable Virtqueue queue(int index) {
        return queues[index];
    }

    @Override
    public void watch(Fd fd, int eventMask, EventLoop.Handler handler) {
        Watch watch = new Watch(fd, eventMask, handler);
        watches.add(watch);
        watch.resume();
    }

    @Override
    public void unwatch(Fd fd) {
        watches.removeIf(watch -> {
            if (watch.fd == fd) {
                watch.suspend();
            }
            return watch.fd == fd;
        });
    }

    @Override
    public void ring(int index) {
        doorbells[index].ring();
    }

    @Override
    public void configChanged() {
        generation.incrementAndGet();
        loop.execute(this::tellOfConfigChange);
    }

    private void tellOfConfigChange() {
        if (state == State.ACTIVE) {
            transport.configChanged();
        }
    }

    private void begin(long newFeatures, @Nullable Virtqueue[] newQueues) {
        state = State.ACTIVE;
        features = newFeatures;
        queues = newQueues;
        try {
            device.activate(this);
        } catch (RuntimeException | Error e) {
            fail(e);
            return;
        }
        for (int i = 0; i < queues.length; i++) {
            if (queues[i] != null) {
                int queue = i;
                loop.watch(doorbells[i].event().fd(), DOORBELL_EVENTS, mask -> rung(queue));
            }
        }
    }

    private void rung(int queue) {
        try {
            device.notified(queue);
        } catch (RuntimeException | Error e) {
            fail(e);
        }
    }

    private void fail(Throwable cause) {
        if (state == State.ACTIVE) {
            state = State.BROKEN;
            unwatchDoorbells();
            watches.forEach(Watch::suspend);
        }
        transport.broken(cause);
    }

    private void end(Runnable idle) {
        unwatchDoorbells();
        state = State.RESETTING;
        // Requests under way may end by an event of one of these.
        watches.forEach(Watch::resume);
        AtomicBoolean once = new AtomicBoolean();
        Runnable quiet = () -> {
            if (once.compareAndSet(false, true)) {
                loop.execute(() -> finish(idle));
            }
        };
        try {
            device.reset(quiet);
        } catch (RuntimeException | Error e) {
            transport.broken(e);
            quiet.run();
        }
    }

    private void finish(Runnable idle) {
        watches.forEach(Watch::suspend);
        watches.clear();
        for (Doorbell doorbell : doorbells) {
            doorbell.event().drain();
        }
        queues = new Virtqueue[0];
        features = 0;
        state = State.IDLE;
        idle.run();
    }

    private void unwatchDoorbells() {
        for (Doorbell doorbell : doorbells) {
            loop.unwatch(doorbell.event().fd());
        }
    }
}
