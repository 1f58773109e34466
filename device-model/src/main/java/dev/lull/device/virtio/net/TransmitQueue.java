package dev.lull.device.virtio.net;

import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.Virtqueue;
import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.Iovec;
import org.jspecify.annotations.Nullable;

/** From the guest to the port: a frame is one {@code writev} straight from the guest's buffers. */
final class TransmitQueue implements NetQueue {
    private final Virtqueue queue;
    private final Fd port;
    private final NetLink link;
    private final RateLimiter limiter;
    private final NetStats stats;
    private final @Nullable DetourPath detour;
    private final DescriptorChain chain;
    private final Iovec pieces;
    private boolean waitsForPort;

    TransmitQueue(
            Virtqueue queue, Fd port, NetLink link, RateLimiter limiter, NetStats stats, @Nullable DetourPath detour) {
        this.queue = queue;
        this.port = port;
        this.link = link;
        this.limiter = limiter;
        this.stats = stats;
        this.detour = detour;
        chain = new DescriptorChain(queue.size());
        pieces = new Iovec(queue.size());
    }

    /** Whether the port took no more frames when last asked. */
    boolean waitsForPort() {
        return waitsForPort;
    }

    @Override
    public boolean run() {
        waitsForPort = false;
        queue.suppressDoorbells();
        long start = System.nanoTime();
        int room = BATCH_PACKETS;
        do {
            while (queue.poll(chain)) {
                if (room == 0 || !send(start)) {
                    queue.undoPoll();
                    queue.flush();
                    return room == 0;
                }
                room--;
                start = System.nanoTime();
                queue.complete(chain, 0);
            }
        } while (queue.armDoorbells());
        queue.flush();
        return false;
    }

    /** Sends the chain's frame, or loses and counts it; false if it has to wait. */
    private boolean send(long startNanos) {
        if (chain.writableBytes() != 0 || chain.readableBytes() < HEADER_BYTES) {
            throw new VirtioException("a transmit buffer without a whole header, or writable (virtio 1.2 §5.1.6.2)");
        }
        if (detour != null && detour.takes(chain)) {
            return true;
        }
        long lengthBytes = chain.readableBytes();
        if (!link.isUp()) {
            NetStats.count(stats.transmitLinkDown);
            return true;
        }
        pieces.clear();
        boolean fits = lengthBytes <= MAX_FRAME_BYTES;
        for (int i = 0; i < chain.pieces() && fits; i++) {
            fits = pieces.add(chain.address(i), chain.lengthBytes(i));
        }
        if (!fits) {
            NetStats.count(stats.transmitTooLong);
            return true;
        }
        if (!limiter.tryTake(lengthBytes - HEADER_BYTES)) {
            return false;
        }
        long result = port.write(pieces);
        if (result == -Errno.EAGAIN) {
            waitsForPort = true;
            return false;
        }
        if (result < 0) {
            stats.transmit.recordFailure(startNanos, System.nanoTime());
            link.failed((int) -result);
        } else {
            stats.transmit.record(startNanos, System.nanoTime(), lengthBytes - HEADER_BYTES);
        }
        return true;
    }
}
