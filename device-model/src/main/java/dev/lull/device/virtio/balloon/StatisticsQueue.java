package dev.lull.device.virtio.balloon;

import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.VirtioContext;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.Virtqueue;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.TimerFd;
import org.jspecify.annotations.Nullable;

/**
 * The statsq: the driver's one buffer, whose return asks for new statistics (virtio 1.2 §5.5.6.3), when a timer says so. Used
 * on the device's loop, but for the interval.
 */
final class StatisticsQueue implements AutoCloseable {
    private final DescriptorChain chain = new DescriptorChain(VirtioBalloon.QUEUE_SIZE);
    private final GuestStatistics statistics;
    private final TimerFd timer;
    private volatile long intervalNanos;

    /** Whether the interval is new, and statistics are wanted at once. */
    private volatile boolean impatient;

    private @Nullable Virtqueue queue;

    /** Whether the driver's buffer is here, in {@link #chain}. */
    private boolean held;

    StatisticsQueue(String device, GuestStatistics statistics) {
        this.statistics = statistics;
        timer = new TimerFd(device + " statistics");
    }

    long intervalNanos() {
        return intervalNanos;
    }

    /** Sets how often to ask, 0 for never; takes effect with the next {@link #serve}. From any thread. */
    void setInterval(long newIntervalNanos) {
        intervalNanos = newIntervalNanos;
        impatient = true;
    }

    /** The device is active, and the driver knows of statistics. */
    void begin(VirtioContext context, @Nullable Virtqueue statisticsQueue) {
        queue = statisticsQueue;
        held = false;
        impatient = false;
        timer.disarm();
        context.watch(timer.fd(), LinuxConstants.EPOLLIN, mask -> {
            if (timer.drain()) {
                ask();
            }
        });
    }

    void end() {
        queue = null;
    }

    /** Reads the statistics that came and keeps their buffer. */
    void serve() {
        Virtqueue buffers = queue;
        while (buffers != null && !held) {
            if (buffers.poll(chain)) {
                if (chain.writableBytes() != 0) {
                    throw new VirtioException("a device-writable buffer in the statsq (virtio 1.2 §5.5.6.3)");
                }
                statistics.update(chain);
                held = true;
            } else if (!buffers.armDoorbells()) {
                break;
            }
        }
        long interval = intervalNanos;
        if (held && interval > 0) {
            timer.arm(impatient ? 1 : interval);
            impatient = false;
        } else {
            timer.disarm();
        }
    }

    @Override
    public void close() {
        timer.close();
    }

    private void ask() {
        Virtqueue buffers = queue;
        if (buffers != null && held) {
            held = false;
            buffers.complete(chain, 0);
            buffers.flush();
            serve();
        }
    }
}
