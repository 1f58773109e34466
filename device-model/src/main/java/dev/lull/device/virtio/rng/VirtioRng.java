package dev.lull.device.virtio.rng;

import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.RequestStats;
import dev.lull.device.virtio.VirtioContext;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.Virtqueue;
import dev.lull.linux.Entropy;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/** The entropy device (virtio 1.2 §5.4): the host kernel's random numbers, straight into the guest's buffers. */
public final class VirtioRng implements VirtioDevice {
    /** The most a request is given: it may be given less than it asks for, and should not hold up the loop. */
    public static final int MAX_REQUEST_BYTES = 64 << 10;

    private static final int TYPE = 4;
    private static final int PCI_CLASS = 0x00FF00;
    private static final int QUEUE_SIZE = 64;

    private final DescriptorChain chain = new DescriptorChain(QUEUE_SIZE);
    private final RateLimiter limiter;
    private final NanoClock clock;
    private final RequestStats reads;
    private @Nullable VirtioContext context;
    private @Nullable Virtqueue queue;

    /** @param limiter of the requests and bytes of entropy; the device closes it */
    public VirtioRng(RateLimiter limiter, DeviceStats stats, NanoClock clock) {
        this.limiter = limiter;
        this.clock = clock;
        reads = stats.request("read");
    }

    /** What limits it, to be changed from any thread. */
    public RateLimiter limiter() {
        return limiter;
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public int pciClass() {
        return PCI_CLASS;
    }

    @Override
    public long features() {
        return 0;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {QUEUE_SIZE};
    }

    @Override
    public long readConfig(int offset, int sizeBytes) {
        return 0;
    }

    @Override
    public void activate(VirtioContext newContext) {
        context = newContext;
        queue = newContext.queue(0);
        limiter.begin(newContext, this::serve);
    }

    @Override
    public void notified(int index) {
        serve();
    }

    @Override
    public void reset(Runnable quiet) {
        context = null;
        queue = null;
        limiter.end();
        quiet.run();
    }

    @Override
    public void close() {
        limiter.close();
    }

    private void serve() {
        Virtqueue requests = queue;
        VirtioContext active = context;
        if (requests == null || active == null) {
            return;
        }
        requests.suppressDoorbells();
        int served = 0;
        do {
            while (requests.poll(chain)) {
                // What a guest makes available without end would keep the loop from its other devices.
                if (served++ == QUEUE_SIZE) {
                    requests.undoPoll();
                    requests.flush();
                    active.ring(0);
                    return;
                }
                if (!fill(requests)) {
                    requests.undoPoll();
                    requests.flush();
                    return;
                }
            }
            requests.flush();
        } while (requests.armDoorbells());
    }

    /** Serves the chain; false if its time has not come. */
    private boolean fill(Virtqueue requests) {
        if (chain.readableBytes() != 0) {
            throw new VirtioException(
                    "a device-readable buffer in the queue of an entropy device (virtio 1.2 §5.4.6.1)");
        }
        int wanted = (int) Math.min(chain.writableBytes(), MAX_REQUEST_BYTES);
        if (!limiter.tryTake(wanted)) {
            return false;
        }
        long start = clock.nanoTime();
        int given = 0;
        for (int i = 0; i < chain.pieces() && given < wanted; i++) {
            int length = Math.min(chain.lengthBytes(i), wanted - given);
            long result = Entropy.fill(chain.memory(i), chain.offset(i), length);
            given += (int) Math.max(result, 0);
            if (result < length) {
                break;
            }
        }
        requests.complete(chain, given);
        if (given == wanted) {
            reads.record(start, clock.nanoTime(), given);
        } else {
            reads.recordFailure(start, clock.nanoTime());
        }
        return true;
    }
}
