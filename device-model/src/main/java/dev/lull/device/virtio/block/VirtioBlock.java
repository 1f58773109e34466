package dev.lull.device.virtio.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.lull.device.backend.DiskEngine;
import dev.lull.device.backend.DiskImage;
import dev.lull.device.backend.DiskRequest;
import dev.lull.device.memory.GuestMemory;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.VirtioContext;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.Virtqueue;
import dev.lull.linux.LinuxConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
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

    private final BlockMedium medium;
    private final BlockConfig config;
    private final RateLimiter limiter;
    private final BlockStats stats;
    private final NanoClock clock;
    private final int queueCount;
    private final MemorySegment id = Arena.ofAuto().allocate(BlockLayout.ID_BYTES);
    private final MemorySegment[] statuses = new MemorySegment[3];

    private final BlockRequestPool requests = new BlockRequestPool(QUEUE_SIZE);

    private @Nullable Virtqueue[] queues = new Virtqueue[0];
    private volatile @Nullable VirtioContext context;
    private @Nullable GuestMemory memory;
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
        this.config = new BlockConfig(image, queueCount, QUEUE_SIZE - 2);
        this.medium = new BlockMedium(image, engine, clock, config::setCapacity);
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

    /** What limits it, to be changed from any thread. */
    public RateLimiter limiter() {
        return limiter;
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
                | (medium.readOnly()
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
        medium.resize();
        VirtioContext active = context;
        if (active != null) {
            active.configChanged();
        }
    }

    /**
     * Has the image at {@code path}, opened as this one was, take its place, and tells the driver of its size. Requests under
     * way end on the old image first; later ones wait for that and go to the new one. Of an image the disk has already this
     * takes over the size, as {@link #resize} does. From any thread; does not wait.
     *
     * @return ends on the device's loop when the old image is closed; of a machine that is paused, after its pause
     * @throws dev.lull.device.backend.DiskException if the image cannot serve as this disk; the disk is as before
     */
    public CompletableFuture<Void> replaceImage(Path path) {
        CompletableFuture<Void> replaced = medium.replace(path);
        VirtioContext active = context;
        if (active != null) {
            if (replaced.isDone()) {
                active.configChanged();
            }
            active.loop().execute(this::changeOver);
        }
        return replaced;
    }

    @Override
    public void activate(VirtioContext newContext) {
        medium.begin();
        memory = newContext.memory();
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
        requests.reset();
        watch(newContext, medium.engine());
        limiter.begin(newContext, this::ringAll);
        context = newContext;
        if (medium.hasSuccessor()) {
            changeOver();
        }
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
        limiter.end();
        quiet = whenQuiet;
        settle();
    }

    @Override
    public int requestsUnderWay() {
        return medium.engine().inFlight();
    }

    @Override
    public void close() {
        limiter.close();
        medium.close();
    }

    private void watch(VirtioContext active, DiskEngine engine) {
        active.watch(engine.ready(), LinuxConstants.EPOLLIN, mask -> {
            engine.acknowledge();
            settle();
        });
    }

    /** Puts another image into its place if one waits for that and nothing is under way; goes on with what waited for it. */
    private void changeOver() {
        VirtioContext active = context;
        DiskEngine former = medium.engine();
        boolean due = medium.hasSuccessor();
        if (active == null || (due && former.inFlight() > 0)) {
            return;
        }
        if (due) {
            active.unwatch(former.ready());
            medium.advance();
            watch(active, medium.engine());
            active.configChanged();
        }
        ringAll();
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
        if (queue == null || active == null || medium.hasSuccessor()) {
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
                BlockRequest request = requests.next();
                if (request == null) {
                    waitsForRequest = true;
                    return;
                }
                if (!queue.poll(request.chain())) {
                    break;
                }
                request.parse(queue, clock.nanoTime());
                if (!limiter.tryTake(request.movedBytes())) {
                    queue.undoPoll();
                    return;
                }
                requests.take();
                taken++;
                begin(request);
            }
        } while (queue.armDoorbells());
    }

    /** Begins what was asked for, and shows the driver what has ended. */
    private void settle() {
        DiskEngine engine = medium.engine();
        engine.submit();
        DiskRequest ended = engine.poll();
        while (ended != null) {
            ended(requests.get(ended.slot()), ended.error());
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
        if (medium.hasSuccessor()) {
            changeOver();
        } else if (waitsForRequest && requests.hasFree()) {
            waitsForRequest = false;
            ringAll();
        }
    }

    private void becomeQuiet() {
        Runnable whenQuiet = quiet;
        if (whenQuiet != null && medium.engine().inFlight() == 0) {
            quiet = null;
            queues = new Virtqueue[0];
            medium.end();
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
        if ((out && medium.readOnly()) || !request.isOnDisk(config.capacitySectors(), medium.blockBytes())) {
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
            if (memory != null) {
                memory.beginRead();
            }
            request.disk().read(request.offsetBytes());
        }
        medium.engine().start(request.disk());
    }

    private void flush(BlockRequest request) {
        if (medium.readOnly()) {
            end(request, BlockLayout.S_OK);
            return;
        }
        request.disk().flush();
        medium.engine().start(request.disk());
    }

    private void changeRanges(BlockRequest request) {
        if (medium.readOnly()) {
            end(request, BlockLayout.S_IOERR);
            return;
        }
        int status = request.parseRanges(config.capacitySectors(), medium.blockBytes());
        if (status == BlockLayout.S_OK && request.nextRange(isWriteThrough())) {
            medium.engine().start(request.disk());
        } else {
            end(request, status);
        }
    }

    /** Whether a write is to end on stable storage (virtio 1.2 §5.2.6.2). */
    private boolean isWriteThrough() {
        return !knowsFlush || (choosesCache && !config.isWriteback());
    }

    private void ended(BlockRequest request, int error) {
        if (memory != null && request.type() == BlockLayout.T_IN) {
            memory.endRead();
        }
        if (quiet != null) {
            request.abandon();
            return;
        }
        if (error != 0) {
            end(request, BlockLayout.S_IOERR);
        } else if (request.isRanged() && request.nextRange(isWriteThrough())) {
            medium.engine().start(request.disk());
            medium.engine().submit();
        } else {
            end(request, BlockLayout.S_OK);
        }
    }

    private void end(BlockRequest request, int status) {
        stats.record(request, status);
        request.complete(statuses[status], status == BlockLayout.S_OK);
        requests.giveBack(request);
    }
}
