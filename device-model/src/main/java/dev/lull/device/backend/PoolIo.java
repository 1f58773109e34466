package dev.lull.device.backend;

import dev.lull.device.loop.Uninterrupted;
import dev.lull.linux.EventFd;
import dev.lull.linux.Fd;
import org.jspecify.annotations.Nullable;

/** Steps by a few threads that block in the kernel, where there is no io_uring. */
final class PoolIo implements AsyncIo {
    private static final int THREADS = 4;

    /** Requests in the order in which they came, up to a fixed number; guarded by {@link #lock}. */
    private static final class Fifo {
        private final @Nullable DiskRequest[] requests;
        private final long[] results;
        private int first;
        private int count;

        Fifo(int capacity) {
            requests = new DiskRequest[capacity];
            results = new long[capacity];
        }

        void add(DiskRequest request, long result) {
            int at = (first + count) % requests.length;
            requests[at] = request;
            results[at] = result;
            count++;
        }

        @Nullable
        DiskRequest first() {
            return count == 0 ? null : requests[first];
        }

        long removeFirst() {
            long result = results[first];
            first = (first + 1) % requests.length;
            count--;
            return result;
        }
    }

    private final Fd file;
    private final EventFd ready;
    private final Thread[] threads = new Thread[THREADS];
    private final Object lock = new Object();
    private final Fifo waiting;
    private final Fifo ended;
    private boolean closed;
    private long result;

    PoolIo(DiskImage image, int capacity) {
        file = image.fd();
        waiting = new Fifo(capacity);
        ended = new Fifo(capacity);
        ready = new EventFd("completions of disk " + image.path());
        for (int i = 0; i < THREADS; i++) {
            threads[i] = Thread.ofPlatform()
                    .daemon()
                    .name("disk " + image.path().getFileName() + " " + i)
                    .start(this::work);
        }
    }

    @Override
    public Fd ready() {
        return ready.fd();
    }

    @Override
    public void start(DiskRequest request) {
        synchronized (lock) {
            waiting.add(request, 0);
            lock.notify();
        }
    }

    @Override
    public void submit() {}

    @Override
    public void acknowledge() {
        ready.drain();
    }

    @Override
    public @Nullable DiskRequest poll() {
        synchronized (lock) {
            DiskRequest request = ended.first();
            if (request != null) {
                result = ended.removeFirst();
            }
            return request;
        }
    }

    @Override
    public long result() {
        return result;
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
        for (Thread thread : threads) {
            Uninterrupted.await(thread::join);
        }
        ready.close();
    }

    private void work() {
        DiskRequest request = next();
        while (request != null) {
            long stepResult = request.step(file);
            synchronized (lock) {
                ended.add(request, stepResult);
            }
            ready.signal();
            request = next();
        }
    }

    /** The next request to work on; null when there will be none. */
    private @Nullable DiskRequest next() {
        synchronized (lock) {
            while (true) {
                DiskRequest request = waiting.first();
                if (request != null) {
                    waiting.removeFirst();
                    return request;
                }
                if (closed) {
                    return null;
                }
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    throw new IllegalStateException("nobody interrupts a disk's thread", e);
                }
            }
        }
    }
}
