package dev.lull.device.virtio.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.lull.device.backend.DiskEngine;
import dev.lull.device.backend.DiskImage;
import dev.lull.device.backend.DiskRequest;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.VirtioContext;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.Virtqueue;
import dev.lull.linux.LinuxConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * The block device (virtio 1.2 §5.2) on a {@link DiskImage}.
 *
 * <p>A doorbell's requests go to the {@link DiskEngine} as one batch, and what has ended is shown to the driver as one, with
 * one interrupt at the most. A write ends when it is in the host's page cache; what a flush has acknowledged is on stable
 * storage. A driver that does not know flushes gets writes that end there by themselves (§5.2.6.2).
 */
public final class VirtioBlock implements VirtioDevice {
    /** The size of each queue: as many requests as there may be pieces in one, and its header and status. */
    public static final int QUEUE_SIZE = 256;

    /** The most queues; more than that one loop does not serve faster. */
    public static final int MAX_QUEUES = 16;

    private static final int CLASS_MASS_STORAGE_OTHER = 0x018000;

    private final DiskImage image;
    private final DiskEngine engine;
    private final BlockConfig config;
    private final RateLimiter limiter;
    private final BlockStats stats;
    private final NanoClock clock;
    private final int queueCount;
    private final MemorySegment id = Arena.ofAuto().allocate(BlockLayout.ID_BYTES);
    private final MemorySegment[] statuses = new MemorySegment[3];

    /** All requests there are, made as they are needed, and of those the ones nobody uses. */
    private final BlockRequest[] requests = new BlockRequest[QUEUE_SIZE];

    private final BlockRequest[] free = new BlockRequest[QUEUE_SIZE];
    private int made;
    private int freeCount;

    private @Nullable Virtqueue[] queues = new Virtqueue[0];
    private volatile @Nullable VirtioContext context;
    private @Nullable Runnable quiet;
    private boolean knowsFlush;
    private boolean choosesCache;
    private boolean waitsForRequest;

    /**
     * A disk of its own; it owns {@code image} and {@code limiter}.
     *
     * @param serial what the guest reads as its serial number: up to 20 bytes of ASCII, the rest is cut off
     * @param queueCount 1 to {@link #MAX_QUEUES}
     */
    public VirtioBlock(
            DiskImage image, String serial, int queueCount, RateLimiter limiter, DeviceStats stats, NanoClock clock) {
        this(image, DiskEngine.of(image, QUEUE_SIZE, clock), serial, queueCount, limiter, stats, clock);
    }

    /** As the other, on a given engine, which it owns. */
    VirtioBlock(
            DiskImage image,
            DiskEngine engine,
            String serial,
            int queueCount,
            RateLimiter limiter,
            DeviceStats stats,
            NanoClock clock) {
        this.image = image;
        this.engine = engine;
        this.config = new BlockConfig(image, queueCount, QUEUE_SIZE - 2);
        this.limiter = limiter;
        this.stats = new BlockStats(stats, clock);
        this.clock = clock;
        this.queueCount = queueCount;
        byte[] name = serial.getBytes(StandardCharsets.US_ASCII);
        MemorySegment.copy(name, 0, id, JAVA_BYTE, 0, Math.min(name.length, BlockLayout.ID_BYTES));
        for (int i = 0; i < statuses.length; i++) {
            statuses[i] = Arena.ofAuto().allocate(1);
            statuses[i].set(JAVA_BYTE, 0, (byte) i);
        }
    }

    @Override
    public int type() {
        return BlockLayout.DEVICE_ID;
    }

    @Override
    public int pciClass() {
        return CLASS_MASS_STORAGE_OTHER;
    }

    @Override
    public long features() {
        long always = 1L << BlockLayout.F_SEG_MAX
                | 1L << BlockLayout.F_BLK_SIZE
                | 1L << BlockLayout.F_TOPOLOGY
                | 1L << BlockLayout.F_FLUSH
                | 1L << BlockLayout.F_CONFIG_WCE
                | 1L << BlockLayout.F_MQ;
        return always
                | (image.readOnly()
                        ? 1L << BlockLayout.F_RO
                        : 1L << BlockLayout.F_DISCARD | 1L << BlockLayout.F_WRITE_ZEROES);
    }

    @Override
    public int[] queueSizes() {
        int[] sizes = new int[queueCount];
        Arrays.fill(sizes, QUEUE_SIZE);
        return sizes;
    }

    @Override
    public long readConfig(int offset, int sizeBytes) {
        return config.read(offset, sizeBytes);
    }

    @Override
    public void writeConfig(int offset, int sizeBytes, long value) {
        if (offset == BlockLayout.WRITEBACK && sizeBytes == 1) {
            config.setWriteback((value & 1) != 0);
        }
    }

    /**
     * Takes over the size the image has now, and tells the driver. From any thread.
     *
     * @throws dev.lull.device.backend.DiskException if that is no size for a disk
     */
    public void resize() {
        config.setCapacity(image.currentSizeBytes());
        VirtioContext active = context;
        if (active != null) {
            active.configChanged();
        }
    }

    @Override
    public void activate(VirtioContext newContext) {
        knowsFlush = newContext.has(BlockLayout.F_FLUSH);
        choosesCache = newContext.has(BlockLayout.F_CONFIG_WCE);
        if (!knowsFlush) {
            config.setWriteback(false);
        }
        waitsForRequest = false;
        queues = new Virtqueue[queueCount];
        for (int i = 0; i < queueCount; i++) {
            queues[i] = newContext.queue(i);
        }
        System.arraycopy(requests, 0, free, 0, made);
        freeCount = made;
        newContext.watch(engine.ready(), LinuxConstants.EPOLLIN, mask -> {
            engine.acknowledge();
            settle();
        });
        limiter.begin(newContext, this::ringAll);
        context = newContext;
    }

    @Override
    public void notified(int queue) {
        if (context != null) {
            serve(queue);
            settle();
        }
    }

    @Override
    public void reset(Runnable whenQuiet) {
        context = null;
        quiet = whenQuiet;
        settle();
    }

    @Override
    public void close() {
        limiter.close();
        engine.close();
        image.close();
    }

    /** Has every queue served, after what else the loop has to do. */
    private void ringAll() {
        VirtioContext active = context;
        for (int i = 0; i < queues.length && active != null; i++) {
            active.ring(i);
        }
    }

    /**
     * Takes what the driver has made available, as far as there are requests for it and the limiter lets it: at most a queue
     * full, for a driver that does not wait for answers finds no end.
     */
    private void serve(int index) {
        Virtqueue queue = queues[index];
        VirtioContext active = context;
        if (queue == null || active == null) {
            return;
        }
        int taken = 0;
        do {
            queue.suppressDoorbells();
            while (true) {
                if (taken == QUEUE_SIZE) {
                    active.ring(index);
                    return;
                }
                if (freeCount == 0 && !makeRequest()) {
                    waitsForRequest = true;
                    return;
                }
                BlockRequest request = free[freeCount - 1];
                if (!queue.poll(request.chain())) {
                    break;
                }
                request.parse(queue, clock.nanoTime());
                if (!limiter.tryTake(request.movedBytes())) {
                    queue.undoPoll();
                    return;
                }
                freeCount--;
                taken++;
                begin(request);
            }
        } while (queue.armDoorbells());
    }

    private boolean makeRequest() {
        if (made == requests.length) {
            return false;
        }
        requests[made] = new BlockRequest(made, QUEUE_SIZE);
        free[freeCount] = requests[made];
        made++;
        freeCount++;
        return true;
    }

    /** Begins what was asked for, and shows the driver what has ended. */
    private void settle() {
        engine.submit();
        DiskRequest ended = engine.poll();
        while (ended != null) {
            ended(requests[ended.slot()], ended.error());
            ended = engine.poll();
        }
        if (quiet != null) {
            becomeQuiet();
            return;
        }
        for (Virtqueue queue : queues) {
            if (queue != null) {
                queue.flush();
            }
        }
        if (waitsForRequest && freeCount > 0) {
            waitsForRequest = false;
            ringAll();
        }
    }

    private void becomeQuiet() {
        Runnable whenQuiet = quiet;
        if (whenQuiet != null && engine.inFlight() == 0) {
            quiet = null;
            queues = new Virtqueue[0];
            config.setWriteback(true);
            whenQuiet.run();
        }
    }

    private void begin(BlockRequest request) {
        switch (request.type()) {
            case BlockLayout.T_IN, BlockLayout.T_OUT -> transfer(request);
            case BlockLayout.T_FLUSH -> flush(request);
            case BlockLayout.T_GET_ID -> {
                request.writeId(id);
                end(request, BlockLayout.S_OK);
            }
            case BlockLayout.T_DISCARD, BlockLayout.T_WRITE_ZEROES -> changeRanges(request);
            default -> end(request, BlockLayout.S_UNSUPP);
        }
    }

    private void transfer(BlockRequest request) {
        boolean out = request.type() == BlockLayout.T_OUT;
        if ((out && image.readOnly()) || !request.isOnDisk(config.capacitySectors(), image.blockBytes())) {
            end(request, BlockLayout.S_IOERR);
            return;
        }
        if (request.dataBytes() == 0) {
            end(request, BlockLayout.S_OK);
            return;
        }
        request.addPieces();
        if (out) {
            request.disk().write(request.offsetBytes(), isWriteThrough());
        } else {
            request.disk().read(request.offsetBytes());
        }
        engine.start(request.disk());
    }

    private void flush(BlockRequest request) {
        if (image.readOnly()) {
            end(request, BlockLayout.S_OK);
            return;
        }
        request.disk().flush();
        engine.start(request.disk());
    }

    private void changeRanges(BlockRequest request) {
        if (image.readOnly()) {
            end(request, BlockLayout.S_IOERR);
            return;
        }
        int status = request.parseRanges(config.capacitySectors(), image.blockBytes());
        if (status == BlockLayout.S_OK && request.nextRange(isWriteThrough())) {
            engine.start(request.disk());
        } else {
            end(request, status);
        }
    }

    /** Whether a write is to end on stable storage (virtio 1.2 §5.2.6.2). */
    private boolean isWriteThrough() {
        return !knowsFlush || (choosesCache && !config.isWriteback());
    }

    private void ended(BlockRequest request, int error) {
        if (quiet != null) {
            return;
        }
        if (error != 0) {
            end(request, BlockLayout.S_IOERR);
        } else if (isRanged(request) && request.nextRange(isWriteThrough())) {
            engine.start(request.disk());
            engine.submit();
        } else {
            end(request, BlockLayout.S_OK);
        }
    }

    private static boolean isRanged(BlockRequest request) {
        return request.type() == BlockLayout.T_DISCARD || request.type() == BlockLayout.T_WRITE_ZEROES;
    }

    private void end(BlockRequest request, int status) {
        stats.record(request, status);
        request.complete(statuses[status], status == BlockLayout.S_OK);
        free[freeCount] = request;
        freeCount++;
    }
}
