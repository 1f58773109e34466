package dev.lull.device.backend;

import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.LinuxException;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Carries out requests on a {@link DiskImage}, many at a time, in any order. Used by one thread; allocates nothing.
 *
 * <p>What the page cache can do at once is done at once, on the calling thread: handing a copy of 4 KiB to another thread takes
 * ten times as long as the copy. Whether it is at once is only known for reads, and not on every file system. So of the
 * others one that took long makes all go by io_uring, or a pool of threads, for ten times as long: the page cache is then
 * waiting for its medium, and the loop shall not.
 */
public final class DiskEngine implements AutoCloseable {
    /** How a request that does not end at once is carried out. */
    public enum Kind {
        IO_URING,
        THREAD_POOL
    }

    /** More than this is not copied while other devices wait for the loop. */
    private static final long LONGEST_AT_ONCE_BYTES = 512 << 10;

    private static final long PATIENCE_NANOS = 1_000_000;
    private static final int IMPATIENT_TIMES = 10;

    private final DiskImage image;
    private final NanoClock clock;
    private final AsyncIo async;
    private final @Nullable DiskRequest[] ended;
    private int firstEnded;
    private int endedCount;
    private int inFlight;
    private boolean cacheAnswers;
    private long impatientUntilNanos;

    private DiskEngine(DiskImage image, AsyncIo async, int capacity, NanoClock clock) {
        this.image = image;
        this.clock = clock;
        this.async = async;
        this.ended = new DiskRequest[capacity];
        this.cacheAnswers = true;
        this.impatientUntilNanos = clock.nanoTime();
    }

    /**
     * An engine on the best that the host has.
     *
     * @param capacity the most requests under way at once; their slots are below
     */
    public static DiskEngine of(DiskImage image, int capacity, NanoClock clock) {
        try {
            return of(Kind.IO_URING, image, capacity, clock);
        } catch (LinuxException e) {
            // Old kernels have none, and container runtimes and sysctl kernel.io_uring_disabled forbid it.
            if (e.errno() == Errno.ENOSYS || e.errno() == Errno.EPERM || e.errno() == Errno.EACCES) {
                return of(Kind.THREAD_POOL, image, capacity, clock);
            }
            throw e;
        }
    }

    /** As {@link #of(DiskImage, int, NanoClock)}, on what is given. */
    public static DiskEngine of(Kind kind, DiskImage image, int capacity, NanoClock clock) {
        AsyncIo async = switch (kind) {
            case IO_URING -> new RingIo(image, capacity);
            case THREAD_POOL -> new PoolIo(image, capacity);
        };
        return new DiskEngine(image, async, capacity, clock);
    }

    /** What it runs on. */
    public Kind kind() {
        return switch (async) {
            case RingIo _ -> Kind.IO_URING;
            case PoolIo _ -> Kind.THREAD_POOL;
        };
    }

    /** Readable when requests have ended, some time after their {@link #submit}. */
    public Fd ready() {
        return async.ready();
    }

    /** Requests that {@link #poll} has not told of. */
    public int inFlight() {
        return inFlight;
    }

    /** Begins {@code request}, at the latest with {@link #submit}. */
    public void start(DiskRequest request) {
        inFlight++;
        if (image.direct()) {
            request.align(image.memoryAlignment(), image.blockBytes());
            async.start(request);
        } else if (tryAtOnce(request)) {
            end(request);
        } else {
            async.start(request);
        }
    }

    /** Begins all that has been started; some may have ended when it returns. */
    public void submit() {
        async.submit();
    }

    /** {@link #ready} has been reported. */
    public void acknowledge() {
        async.acknowledge();
    }

    /** A request that has ended; null if there is none for now. */
    public @Nullable DiskRequest poll() {
        if (endedCount > 0) {
            return removeEnded();
        }
        DiskRequest request = async.poll();
        boolean more = false;
        while (request != null && !request.advance(async.result())) {
            async.start(request);
            more = true;
            request = async.poll();
        }
        if (more) {
            async.submit();
        }
        if (request != null) {
            inFlight--;
        }
        return request;
    }

    /** Gives back what it holds, not the image; nothing is under way. */
    @Override
    public void close() {
        async.close();
    }

    private boolean tryAtOnce(DiskRequest request) {
        if (request.remainingBytes() > LONGEST_AT_ONCE_BYTES) {
            return false;
        }
        if (request.isRead()) {
            return cacheAnswers ? tryCached(request) : tryTimed(request);
        }
        return request.isCachedWrite() && tryTimed(request);
    }

    private boolean tryCached(DiskRequest request) {
        long result = request.stepCached(image.fd());
        if (result == -Errno.EOPNOTSUPP) {
            cacheAnswers = false;
            return tryTimed(request);
        }
        return request.advance(result);
    }

    private boolean tryTimed(DiskRequest request) {
        long start = clock.nanoTime();
        if (start - impatientUntilNanos < 0) {
            return false;
        }
        boolean hasEnded = request.advance(request.step(image.fd()));
        long end = clock.nanoTime();
        if (end - start > PATIENCE_NANOS) {
            impatientUntilNanos = end + IMPATIENT_TIMES * (end - start);
        }
        return hasEnded;
    }

    private void end(DiskRequest request) {
        ended[(firstEnded + endedCount) % ended.length] = request;
        endedCount++;
    }

    private @Nullable DiskRequest removeEnded() {
        DiskRequest request = ended[firstEnded];
        firstEnded = (firstEnded + 1) % ended.length;
        endedCount--;
        inFlight--;
        return request;
    }
}
