package dev.lull.device.virtio.balloon;

import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import dev.lull.device.virtio.VirtioContext;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.Virtqueue;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.TimerFd;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * The memory balloon (virtio 1.2 §5.5): pages the guest puts into it, and those it reports free, go back to the host.
 *
 * <p>Guest RAM is private memory of this process, touched again like new. Taking pages out of the balloon is nothing to the
 * host, therefore.
 */
public final class VirtioBalloon implements VirtioDevice {
    /**
     * What is asked of a balloon.
     *
     * @param deflateOnOom whether a guest that runs out of memory may take pages back without being told to
     * @param backingPageBytes the size of the host's pages behind guest RAM: 4096, or 2 MiB if it is of the pool
     */
    public record Options(boolean deflateOnOom, long backingPageBytes) {}

    static final int QUEUE_SIZE = 128;

    /** The unit of {@code num_pages}, {@code actual} and page numbers, whatever the guest's pages are. */
    private static final long PAGE_BYTES = 4096;

    private static final int TYPE = 5;
    private static final int PCI_CLASS = 0x00FF00;

    private static final int FEATURE_STATS_VQ = 1;
    private static final int FEATURE_DEFLATE_ON_OOM = 2;
    private static final int FEATURE_PAGE_REPORTING = 5;

    private static final int INFLATE = 0;
    private static final int DEFLATE = 1;

    /** If there is one; the queues of other features come after. */
    private static final int STATISTICS = 2;

    private static final int NO_QUEUE = -1;

    private static final int CONFIG_ACTUAL = 4;
    private static final int CONFIG_BYTES = 8;

    private final DescriptorChain statisticsChain = new DescriptorChain(QUEUE_SIZE);
    private final DescriptorChain reportChain = new DescriptorChain(QUEUE_SIZE);
    private final GuestStatistics statistics = new GuestStatistics();
    private final Options options;
    private final NanoClock clock;
    private final PageQueue inflate;
    private final PageQueue deflate;
    private final PageRun reported;
    private final RequestStats reports;
    private final TimerFd statisticsTimer;

    private volatile int targetPages;
    private volatile int actualPages;
    private volatile long statisticsIntervalNanos;
    private volatile @Nullable VirtioContext context;
    private int statisticsIndex;
    private int reportingIndex;

    /** Whether the driver's one statistics buffer is here, in {@link #statisticsChain}. */
    private boolean statisticsHeld;

    /** A balloon without a target. */
    public VirtioBalloon(Options options, DeviceStats stats, NanoClock clock) {
        this.options = options;
        this.clock = clock;
        inflate = new PageQueue(new PageRun(options.backingPageBytes), stats.request("inflate"), clock);
        deflate = new PageQueue(null, stats.request("deflate"), clock);
        reported = new PageRun(options.backingPageBytes);
        reports = stats.request("report");
        statisticsTimer = new TimerFd(stats.device() + " statistics");
    }

    /** The size the balloon should have, in bytes. */
    public long targetBytes() {
        return Integer.toUnsignedLong(targetPages) * PAGE_BYTES;
    }

    /**
     * Asks the guest for a balloon of {@code bytes}, rounded down to whole pages; from any thread.
     *
     * @param bytes 0 to 16 TiB, exclusive
     */
    public void setTarget(long bytes) {
        if (bytes < 0 || bytes / PAGE_BYTES > 0xFFFF_FFFFL) {
            throw new IllegalArgumentException("a balloon of " + bytes + " bytes");
        }
        targetPages = (int) (bytes / PAGE_BYTES);
        VirtioContext active = context;
        if (active != null) {
            active.configChanged();
        }
    }

    /** The size the guest says the balloon has, in bytes. */
    public long actualBytes() {
        return Integer.toUnsignedLong(actualPages) * PAGE_BYTES;
    }

    /** Asks the guest for statistics this often, or not if 0; from any thread. */
    public void setStatisticsInterval(long intervalNanos) {
        statisticsIntervalNanos = intervalNanos;
        VirtioContext active = context;
        if (active != null && active.has(FEATURE_STATS_VQ)) {
            active.ring(STATISTICS);
        }
    }

    /** What the guest said last about its memory. */
    public GuestStatistics statistics() {
        return statistics;
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
        return (1L << FEATURE_STATS_VQ)
                | (1L << FEATURE_PAGE_REPORTING)
                | (options.deflateOnOom ? 1L << FEATURE_DEFLATE_ON_OOM : 0);
    }

    @Override
    public int[] queueSizes() {
        return new int[] {QUEUE_SIZE, QUEUE_SIZE, QUEUE_SIZE, QUEUE_SIZE};
    }

    @Override
    public long readConfig(int offset, int sizeBytes) {
        if (offset < 0 || offset > CONFIG_BYTES - sizeBytes) {
            return 0;
        }
        long config = Integer.toUnsignedLong(targetPages) | ((long) actualPages << (8 * CONFIG_ACTUAL));
        return (config >>> (8 * offset)) & ((1L << (8 * sizeBytes)) - 1);
    }

    @Override
    public void writeConfig(int offset, int sizeBytes, long value) {
        if (offset == CONFIG_ACTUAL && sizeBytes == Integer.BYTES) {
            actualPages = (int) value;
        }
    }

    @Override
    public void activate(VirtioContext newContext) {
        // Queues of features that were not agreed on have no index: the later ones move up, as drivers expect.
        boolean hasStatistics = newContext.has(FEATURE_STATS_VQ);
        statisticsIndex = hasStatistics ? STATISTICS : NO_QUEUE;
        reportingIndex =
                newContext.has(FEATURE_PAGE_REPORTING) ? hasStatistics ? STATISTICS + 1 : STATISTICS : NO_QUEUE;
        inflate.reset();
        deflate.reset();
        statisticsHeld = false;
        statisticsTimer.disarm();
        newContext.watch(statisticsTimer.fd(), LinuxConstants.EPOLLIN, mask -> {
            if (statisticsTimer.drain()) {
                askForStatistics();
            }
        });
        context = newContext;
    }

    @Override
    public void notified(int index) {
        VirtioContext active = context;
        Virtqueue queue = active == null ? null : active.queue(index);
        if (active == null || queue == null) {
            return;
        }
        boolean more = false;
        if (index == INFLATE) {
            more = inflate.serve(queue, active.memory());
        } else if (index == DEFLATE) {
            more = deflate.serve(queue, active.memory());
        } else if (index == statisticsIndex) {
            takeStatistics(queue);
        } else if (index == reportingIndex) {
            more = takeReports(queue);
        }
        if (more) {
            active.ring(index);
        }
    }

    @Override
    public void reset(Runnable quiet) {
        context = null;
        actualPages = 0;
        statistics.clear();
        quiet.run();
    }

    @Override
    public void close() {
        statisticsTimer.close();
    }

    /** Reads the statistics that came and keeps their buffer: its return asks for new ones (virtio 1.2 §5.5.6.3). */
    private void takeStatistics(Virtqueue queue) {
        while (!statisticsHeld) {
            if (queue.poll(statisticsChain)) {
                if (statisticsChain.writableBytes() != 0) {
                    throw new VirtioException("a device-writable buffer in the statsq (virtio 1.2 §5.5.6.3)");
                }
                statistics.update(statisticsChain);
                statisticsHeld = true;
            } else if (!queue.armDoorbells()) {
                break;
            }
        }
        long interval = statisticsIntervalNanos;
        if (statisticsHeld && interval > 0) {
            statisticsTimer.arm(interval);
        } else {
            statisticsTimer.disarm();
        }
    }

    private void askForStatistics() {
        VirtioContext active = context;
        Virtqueue queue = active == null ? null : active.queue(statisticsIndex);
        if (queue != null && statisticsHeld) {
            statisticsHeld = false;
            queue.complete(statisticsChain, 0);
            queue.flush();
            takeStatistics(queue);
        }
    }

    /** Gives back what the guest reports free; true if there may be more. */
    private boolean takeReports(Virtqueue queue) {
        queue.suppressDoorbells();
        int served = 0;
        do {
            while (queue.poll(reportChain)) {
                if (served++ == QUEUE_SIZE) {
                    queue.undoPoll();
                    queue.flush();
                    return true;
                }
                takeReport();
                queue.complete(reportChain, 0);
            }
            queue.flush();
        } while (queue.armDoorbells());
        return false;
    }

    private void takeReport() {
        if (reportChain.readableBytes() != 0) {
            throw new VirtioException("a device-readable buffer in the reporting_vq (virtio 1.2 §5.5.6.7)");
        }
        long start = clock.nanoTime();
        reported.begin();
        for (int i = 0; i < reportChain.pieces(); i++) {
            reported.add(reportChain.memory(i), reportChain.offset(i), reportChain.lengthBytes(i));
        }
        reported.giveBack();
        reported.record(reports, start, clock.nanoTime());
    }
}
