package dev.lull.device.backend;

import dev.lull.linux.Fd;
import dev.lull.linux.IoUring;
import org.jspecify.annotations.Nullable;

/** Steps by io_uring: no threads of our own, one system call for a batch. */
final class RingIo implements AsyncIo {
    private final Fd file;
    private final IoUring ring;
    private final @Nullable DiskRequest[] started;
    private long result;

    /** @throws dev.lull.linux.LinuxException where there is no io_uring */
    RingIo(DiskImage image, int capacity) {
        file = image.fd();
        ring = new IoUring("io_uring of disk " + image.path(), capacity);
        started = new DiskRequest[capacity];
    }

    @Override
    public Fd ready() {
        return ring.fd();
    }

    @Override
    public void start(DiskRequest request) {
        started[request.slot()] = request;
        request.step(ring, file);
    }

    @Override
    public void submit() {
        ring.submit();
    }

    @Override
    public void acknowledge() {}

    @Override
    public @Nullable DiskRequest poll() {
        if (!ring.poll()) {
            return null;
        }
        DiskRequest ended = started[(int) ring.token()];
        result = ring.result();
        ring.next();
        return ended;
    }

    @Override
    public long result() {
        return result;
    }

    @Override
    public void close() {
        ring.close();
    }
}
