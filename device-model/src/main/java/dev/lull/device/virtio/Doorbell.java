package dev.lull.device.virtio;

import dev.lull.linux.EventFd;

/**
 * What tells a device that one of its queues may have something: signalled in the kernel by the guest's write, or by
 * {@link #ring}, and watched on the device's loop.
 */
final class Doorbell implements AutoCloseable {
    private final EventFd event;
    private boolean closed;

    /** @param name whose it is, for messages */
    Doorbell(String name) {
        event = new EventFd(name + " doorbell");
    }

    /** The descriptor, for whoever signals or watches it; owned by this object. */
    EventFd event() {
        return event;
    }

    /** Signals once; from any thread, and without effect once closed, as its device may be unplugged meanwhile. */
    synchronized void ring() {
        if (!closed) {
            event.signal();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        event.close();
    }
}
