package dev.lull.device.virtio;

import dev.lull.device.loop.EventLoop;
import dev.lull.device.memory.GuestMemory;
import dev.lull.linux.Fd;
import org.jspecify.annotations.Nullable;

/** What an active device works with, from {@link VirtioDevice#activate} to its reset. Used on the device's loop. */
public interface VirtioContext {
    /** The features device and driver have agreed on. */
    long features();

    /** Whether feature bit {@code bit} was agreed on. */
    default boolean has(int bit) {
        return (features() >>> bit & 1) != 0;
    }

    /** Guest RAM. */
    GuestMemory memory();

    /** The loop the device runs on; from any thread. */
    EventLoop loop();

    /** Queue {@code index}; null if the driver has not enabled it. */
    @Nullable
    Virtqueue queue(int index);

    /**
     * Watches a descriptor on the device's loop until its reset. As with the transport's own calls, a
     * {@link VirtioException} of the handler breaks this device alone.
     *
     * @param eventMask {@code EPOLL…} of {@link dev.lull.linux.LinuxConstants}
     */
    void watch(Fd fd, int eventMask, EventLoop.Handler handler);

    /** Stops watching {@code fd}. */
    void unwatch(Fd fd);

    /**
     * Has {@link VirtioDevice#notified} called for queue {@code index}, after what else the loop has to do; from any thread.
     */
    void ring(int index);

    /** Tells the driver that the device-specific configuration has changed; from any thread. */
    void configChanged();
}
