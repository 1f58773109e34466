package dev.lull.device.virtio;

import dev.lull.linux.LinuxConstants;
import dev.lull.linux.TimerFd;
import org.jspecify.annotations.Nullable;

/**
 * Limits a device's requests by their number and their bytes, each with a bucket of its own. A device that was refused is
 * resumed by a timer on its loop. Used on that loop, where it allocates nothing and takes no lock for a request; {@link
 * #limitBytes} and {@link #limitOperations} change it from any thread.
 */
public final class RateLimiter implements AutoCloseable {
    private final String name;

    /** The buckets in use, of the loop alone. */
    private @Nullable TokenBucket bytes;

    private @Nullable TokenBucket operations;

    /** Whether the device was refused, and the timer set; of the loop alone. */
    private boolean waiting;

    /** The buckets that are wanted; guarded by this object's lock, as is all that follows. */
    private @Nullable TokenBucket nextBytes;

    private @Nullable TokenBucket nextOperations;

    /** Made with the first limit. It is there, for good, before the loop has a bucket. */
    private @Nullable TimerFd timer;

    /** Written on the loop alone, which needs no lock to read it. */
    private @Nullable Runnable resume;

    private @Nullable VirtioContext context;
    private boolean watched;
    private boolean closed;

    /**
     * @param name of the device, for messages
     * @param bytes a token a byte; null for no limit
     * @param operations a token a request; null for no limit
     */
    public RateLimiter(String name, @Nullable TokenBucket bytes, @Nullable TokenBucket operations) {
        this.name = name;
        this.bytes = bytes;
        this.operations = operations;
        nextBytes = bytes;
        nextOperations = operations;
        provideTimer(bytes);
        provideTimer(operations);
    }

    /** A limiter that limits nothing, for now, and holds nothing. */
    public static RateLimiter unlimited() {
        return new RateLimiter("device", null, null);
    }

    /**
     * Limits the bytes of all requests from now on, whatever limit there was; a device that waits asks anew. From any thread;
     * without effect once the device is closed.
     *
     * @param bucket a token a byte, not used before or elsewhere; null for no limit
     */
    public synchronized void limitBytes(@Nullable TokenBucket bucket) {
        provideTimer(bucket);
        nextBytes = bucket;
        changeSoon();
    }

    /** As {@link #limitBytes}, of the number of requests. */
    public synchronized void limitOperations(@Nullable TokenBucket bucket) {
        provideTimer(bucket);
        nextOperations = bucket;
        changeSoon();
    }

    /**
     * The device is active.
     *
     * @param onResume called on the device's loop when it may try again after a refusal
     */
    public synchronized void begin(VirtioContext newContext, Runnable onResume) {
        context = newContext;
        resume = onResume;
        watched = false;
        waiting = false;
        change();
    }

    /** The device is to be reset: it is not resumed any more. */
    public synchronized void end() {
        context = null;
        resume = null;
    }

    /**
     * Asks for a request of {@code lengthBytes}; 0 where the length is not known before, and {@link #charge} follows.
     *
     * @return false if it is not due: the device is resumed when it is
     */
    public boolean tryTake(long lengthBytes) {
        if (bytes == null && operations == null) {
            return true;
        }
        if (waiting) {
            return false;
        }
        long waitNanos = Math.max(
                bytes == null ? 0 : bytes.nanosUntil(lengthBytes), operations == null ? 0 : operations.nanosUntil(1));
        if (waitNanos > 0) {
            waiting = true;
            arm(waitNanos);
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
    public synchronized void close() {
        closed = true;
        context = null;
        if (timer != null) {
            timer.close();
        }
    }

    private void provideTimer(@Nullable TokenBucket bucket) {
        if (bucket != null && timer == null && !closed) {
            timer = new TimerFd(name + " rate limiter");
        }
    }

    private void changeSoon() {
        if (context != null) {
            context.loop().execute(this::change);
        }
    }

    /** On the loop: what is wanted is in use. A device that waits is resumed as if its time had come. */
    private synchronized void change() {
        bytes = nextBytes;
        operations = nextOperations;
        VirtioContext active = context;
        TimerFd due = timer;
        if (active == null || due == null) {
            return;
        }
        if (!watched) {
            watched = true;
            due.disarm();
            active.watch(due.fd(), LinuxConstants.EPOLLIN, mask -> timeOut(due));
        }
        if (waiting) {
            due.arm(1);
        }
    }

    private void timeOut(TimerFd due) {
        Runnable resumed = resume;
        if (due.drain() && resumed != null) {
            waiting = false;
            resumed.run();
        }
    }

    private void arm(long waitNanos) {
        TimerFd due = timer;
        if (due != null) {
            due.arm(waitNanos);
        }
    }
}
