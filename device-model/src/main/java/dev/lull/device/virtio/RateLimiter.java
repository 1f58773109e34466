package dev.lull.device.virtio;

import dev.lull.linux.LinuxConstants;
import dev.lull.linux.TimerFd;
import org.jspecify.annotations.Nullable;

/**
 * Limits a device's requests by their number and their bytes, each with a bucket of its own. A device that was refused is
 * resumed by a timer on its loop. Used on that loop; allocates nothing once it has begun.
 */
public final class RateLimiter implements AutoCloseable {
    private final @Nullable TokenBucket bytes;
    private final @Nullable TokenBucket operations;
    private final @Nullable TimerFd timer;
    private boolean waiting;

    /**
     * @param name of the device, for messages
     * @param bytes a token a byte; null for no limit
     * @param operations a token a request; null for no limit
     */
    public RateLimiter(String name, @Nullable TokenBucket bytes, @Nullable TokenBucket operations) {
        this.bytes = bytes;
        this.operations = operations;
        timer = bytes == null && operations == null ? null : new TimerFd(name + " rate limiter");
    }

    /** A limiter that limits nothing and holds nothing. */
    public static RateLimiter unlimited() {
        return new RateLimiter("", null, null);
    }

    /**
     * The device is active.
     *
     * @param resume called on the device's loop when it may try again after a refusal
     */
    public void begin(VirtioContext context, Runnable resume) {
        if (timer == null) {
            return;
        }
        waiting = false;
        timer.disarm();
        context.watch(timer.fd(), LinuxConstants.EPOLLIN, mask -> {
            if (timer.drain()) {
                waiting = false;
                resume.run();
            }
        });
    }

    /**
     * Asks for a request of {@code lengthBytes}; 0 where the length is not known before, and {@link #charge} follows.
     *
     * @return false if it is not due: the device is resumed when it is
     */
    public boolean tryTake(long lengthBytes) {
        if (timer == null) {
            return true;
        }
        if (waiting) {
            return false;
        }
        long waitNanos = Math.max(
                bytes == null ? 0 : bytes.nanosUntil(lengthBytes), operations == null ? 0 : operations.nanosUntil(1));
        if (waitNanos > 0) {
            waiting = true;
            timer.arm(waitNanos);
            return false;
        }
        charge(lengthBytes);
        if (operations != null) {
            operations.take(1);
        }
        return true;
    }

    /** Counts bytes that a request turned out to have, due or not; later ones wait for it. */
    public void charge(long lengthBytes) {
        if (bytes != null) {
            bytes.take(lengthBytes);
        }
    }

    /** Gives the timer back. */
    @Override
    public void close() {
        if (timer != null) {
            timer.close();
        }
    }
}
