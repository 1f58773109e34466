package dev.lull.device.virtio.balloon;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.lull.device.memory.GuestMemory;
import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.RequestStats;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.Virtqueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * The inflateq or the deflateq: requests are arrays of page numbers (virtio 1.2 §5.5.6). A request as long as a driver likes
 * is handled in slices, for the loop has other things to do.
 */
final class PageQueue {
    private static final int PAGE_SHIFT = 12;
    private static final long PAGE_BYTES = 1 << PAGE_SHIFT;
    private static final int SLICE_BYTES = 4096;
    private static final int SLICES_AT_ONCE = 4;

    private final DescriptorChain chain = new DescriptorChain(VirtioBalloon.QUEUE_SIZE);
    private final MemorySegment slice = Arena.ofAuto().allocate(SLICE_BYTES, Integer.BYTES);
    private final RequestStats stats;
    private final NanoClock clock;
    private final @Nullable PageRun run;
    private boolean underWay;
    private long doneBytes;
    private long startNanos;

    /** @param run takes the pages named; null if they are only to be checked, as those a guest takes back */
    PageQueue(@Nullable PageRun run, RequestStats stats, NanoClock clock) {
        this.run = run;
        this.stats = stats;
        this.clock = clock;
    }

    /** Forgets the request under way. */
    void reset() {
        underWay = false;
    }

    /** Handles some of what is available; true if there may be more. */
    boolean serve(Virtqueue queue, GuestMemory memory) {
        queue.suppressDoorbells();
        int slices = 0;
        do {
            while (underWay || queue.poll(chain)) {
                if (!underWay) {
                    begin(memory);
                }
                if (slices++ == SLICES_AT_ONCE) {
                    queue.flush();
                    return true;
                }
                if (handleSlice(memory)) {
                    queue.complete(chain, 0);
                    underWay = false;
                    record();
                }
            }
            queue.flush();
        } while (queue.armDoorbells());
        return false;
    }

    private void record() {
        if (run == null) {
            stats.record(startNanos, clock.nanoTime(), doneBytes / Integer.BYTES * PAGE_BYTES);
        } else {
            run.record(stats, startNanos, clock.nanoTime());
        }
    }

    private void begin(GuestMemory memory) {
        if (chain.writableBytes() != 0 || chain.readableBytes() % Integer.BYTES != 0) {
            throw new VirtioException("a balloon request that is not an array of page numbers (virtio 1.2 §5.5.6)");
        }
        underWay = true;
        doneBytes = 0;
        if (run != null) {
            run.begin(memory);
        }
        startNanos = clock.nanoTime();
    }

    /** Handles the next page numbers; true if they were the last. */
    private boolean handleSlice(GuestMemory memory) {
        int count = chain.copyOut(doneBytes, slice, 0, SLICE_BYTES);
        for (int i = 0; i < count; i += Integer.BYTES) {
            long gpa = Integer.toUnsignedLong(slice.get(JAVA_INT, i)) << PAGE_SHIFT;
            GuestMemory.Region region = memory.find(gpa, PAGE_BYTES);
            if (region == null) {
                throw new VirtioException("a balloon page that is not in guest memory (virtio 1.2 §5.5.6)");
            }
            if (run != null) {
                run.add(region.segment(), gpa - region.gpa(), PAGE_BYTES);
            }
        }
        doneBytes += count;
        if (run != null) {
            run.giveBack();
        }
        return doneBytes == chain.readableBytes();
    }
}
