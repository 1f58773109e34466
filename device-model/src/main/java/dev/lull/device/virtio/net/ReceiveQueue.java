package dev.lull.device.virtio.net;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.Virtqueue;
import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.Iovec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * From the port to the guest: a frame is one {@code readv} straight into the guest's buffers.
 *
 * <p>How long a frame is shows only when it was read. So as many buffers as the longest may need are taken from the queue
 * beforehand; those a frame leaves over serve the next one.
 */
final class ReceiveQueue implements NetQueue {
    /** The most chains a frame can lie in; 44 of Linux's smallest hold the longest. */
    private static final int MAX_POSTED = 64;

    private final Virtqueue queue;
    private final Fd port;
    private final NetLink link;
    private final RateLimiter limiter;
    private final NetStats stats;
    private final @Nullable DetourPath detour;
    private final boolean mergeable;
    private final long longestFrameBytes;
    private final DescriptorChain[] posted;

    /** Those of the posted chains, in order. */
    private final Iovec pieces = new Iovec(Iovec.MAX_PIECES);

    private final MemorySegment numBuffers = Arena.ofAuto().allocate(JAVA_SHORT);

    /** One byte behind the guest's buffers, which only a frame too long for them reaches. */
    private final MemorySegment overflow = Arena.ofAuto().allocate(1);

    private int first;
    private int count;
    private long postedBytes;
    private boolean portHasMore;
    private boolean paid;

    /**
     * @param detour whose frames come before the port's
     * @param mergeable whether a frame may lie in several chains
     * @param longestFrameBytes the longest frame to expect, with its header
     */
    ReceiveQueue(
            Virtqueue queue,
            Fd port,
            NetLink link,
            RateLimiter limiter,
            NetStats stats,
            @Nullable DetourPath detour,
            boolean mergeable,
            long longestFrameBytes) {
        this.queue = queue;
        this.port = port;
        this.link = link;
        this.limiter = limiter;
        this.stats = stats;
        this.detour = detour;
        this.mergeable = mergeable;
        this.longestFrameBytes = longestFrameBytes;
        posted = new DescriptorChain[mergeable ? MAX_POSTED : 1];
        for (int i = 0; i < posted.length; i++) {
            posted[i] = new DescriptorChain(queue.size());
        }
    }

    /** The port says that it has frames. */
    void portReady() {
        portHasMore = true;
    }

    @Override
    public boolean run() {
        queue.suppressDoorbells();
        int room = BATCH_PACKETS;
        while ((portHasMore || isDetourReady()) && room > 0) {
            if (!post()) {
                NetStats.count(stats.receiveStarved);
                if (!queue.armDoorbells()) {
                    break;
                }
                queue.suppressDoorbells();
                continue;
            }
            if (!receiveDetoured() && portHasMore) {
                // What was paid for a frame that was not there is for the next one.
                paid = paid || limiter.tryTake(0);
                if (!paid) {
                    break;
                }
                receive();
            }
            room--;
        }
        queue.flush();
        return room == 0;
    }

    /** Takes buffers from the queue until the longest frame fits; whether they are enough. */
    private boolean post() {
        while (postedBytes < longestFrameBytes && hasRoom()) {
            DescriptorChain chain = posted[(first + count) % posted.length];
            if (!queue.poll(chain)) {
                // A queue too small for the longest frame still receives those that fit.
                return count > 0 && (!mergeable || pieces.count() >= queue.size() / 2);
            }
            if (chain.readableBytes() != 0 || chain.writableBytes() < HEADER_BYTES) {
                throw new VirtioException(
                        "a receive buffer without room for a header, or readable (virtio 1.2 §5.1.6.3)");
            }
            count++;
            for (int i = 0; i < chain.pieces(); i++) {
                pieces.add(chain.address(i), chain.lengthBytes(i));
            }
            postedBytes += chain.writableBytes();
        }
        return true;
    }

    private boolean hasRoom() {
        return count < posted.length && pieces.count() + queue.size() < Iovec.MAX_PIECES;
    }

    private boolean isDetourReady() {
        return detour != null && detour.hasFrame();
    }

    /** Receives one frame of the detour, if it has one. Its frames use nothing of the host's network and count for no limit. */
    private boolean receiveDetoured() {
        int length = detour == null || !detour.hasFrame() ? 0 : detour.next();
        if (detour == null || length == 0) {
            return false;
        }
        if (length > postedBytes) {
            NetStats.count(stats.receiveTooLong);
            return true;
        }
        int copied = 0;
        for (int i = 0; copied < length; i++) {
            DescriptorChain chain = posted[(first + i) % posted.length];
            copied += chain.copyIn(0, detour.frame(), copied, length - copied);
        }
        deliver(length);
        return true;
    }

    private void receive() {
        pieces.add(overflow.address(), 1);
        long start = System.nanoTime();
        long result = port.read(pieces);
        pieces.removeLast();
        if (result == -Errno.EAGAIN) {
            portHasMore = false;
        } else if (result <= 0) {
            portHasMore = false;
            stats.receive.recordFailure(start, System.nanoTime());
            link.failed(result == 0 ? Errno.EBADFD : (int) -result);
        } else if (result > postedBytes) {
            noteWrites();
            NetStats.count(stats.receiveTooLong);
        } else if (result >= HEADER_BYTES) {
            deliver(result);
            paid = false;
            limiter.charge(result - HEADER_BYTES);
            stats.receive.record(start, System.nanoTime(), result - HEADER_BYTES);
        }
    }

    /** A frame that is delivered to nobody went through all buffers. */
    private void noteWrites() {
        for (int i = 0; i < count; i++) {
            queue.wrote(posted[(first + i) % posted.length]);
        }
    }

    private void deliver(long lengthBytes) {
        int used = 0;
        for (long left = lengthBytes; left > 0; used++) {
            left -= posted[(first + used) % posted.length].writableBytes();
        }
        numBuffers.set(JAVA_SHORT, 0, (short) used);
        posted[first].copyIn(NUM_BUFFERS, numBuffers, 0, Short.BYTES);
        long left = lengthBytes;
        while (left > 0) {
            DescriptorChain chain = posted[first];
            int written = (int) Math.min(left, chain.writableBytes());
            queue.complete(chain, written);
            left -= written;
            first = (first + 1) % posted.length;
            count--;
            pieces.removeFirst(chain.pieces());
            postedBytes -= chain.writableBytes();
        }
    }
}
