package dev.lull.device.virtio.balloon;

import dev.lull.device.memory.GuestMemory;
import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import dev.lull.device.virtio.VirtioContext;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.Virtqueue;
import java.util.Arrays;
import java.util.OptionalLong;
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
     * @param statistics whether the guest can be asked for statistics
     * @param freePageHinting whether the guest can be asked to name memory it has free, see {@link #startHinting}
     * @param freePageReporting whether the guest reports memory it has free, by itself
     * @param backingPageBytes the size of the host's pages behind guest RAM: 4096, or 2 MiB if it is of the pool
     */
    public record Options(
            boolean deflateOnOom,
            boolean statistics,
            boolean freePageHinting,
            boolean freePageReporting,
            long backingPageBytes) {}

    /**
     * How far hinting has come.
     *
     * @param hostCommand the number of the run the guest was asked for last; 1 when it has ended, 0 if there was none
     * @param guestCommand what the guest said last: the number of the run it is at, 0 that it is through with it; empty if
     *     nothing
     */
    public record HintingStatus(long hostCommand, OptionalLong guestCommand) {}

    static final int QUEUE_SIZE = 128;

    /** The unit of {@code num_pages}, {@code actual} and page numbers, whatever the guest's pages are. */
    private static final long PAGE_BYTES = 4096;

    private static final int TYPE = 5;
    private static final int PCI_CLASS = 0x00FF00;

    private static final int FEATURE_STATS_VQ = 1;
    private static final int FEATURE_DEFLATE_ON_OOM = 2;
    private static final int FEATURE_FREE_PAGE_HINT = 3;
    private static final int FEATURE_PAGE_REPORTING = 5;

    private static final int INFLATE = 0;
    private static final int DEFLATE = 1;

    /** If there is one; the queues of other features come after. */
    private static final int STATISTICS = 2;

    private static final int NO_QUEUE = -1;

    private static final int CONFIG_ACTUAL = 4;
    private static final int CONFIG_BYTES = 12;

    private final DescriptorChain reportChain = new DescriptorChain(QUEUE_SIZE);
    private final GuestStatistics statistics = new GuestStatistics();
    private final Options options;
    private final NanoClock clock;
    private final PageQueue inflate;
    private final PageQueue deflate;
    private final PageRun reported;
    private final RequestStats reports;
    private final @Nullable StatisticsQueue statisticsQueue;
    private final @Nullable HintQueue hints;

    private volatile int targetPages;
    private volatile int actualPages;
    private volatile @Nullable VirtioContext context;
    private int statisticsIndex;
    private int hintIndex;
    private int reportingIndex;

    /** A balloon without a target. */
    public VirtioBalloon(Options options, DeviceStats stats, NanoClock clock) {
        this.options = options;
        this.clock = clock;
        inflate = new PageQueue(new PageRun(options.backingPageBytes), stats.request("inflate"), clock);
        deflate = new PageQueue(null, stats.request("deflate"), clock);
        reported = new PageRun(options.backingPageBytes);
        reports = stats.request("report");
        hints = options.freePageHinting
                ? new HintQueue(new PageRun(options.backingPageBytes), stats.request("hint"), clock)
                : null;
        statisticsQueue = options.statistics ? new StatisticsQueue(stats.device(), statistics) : null;
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

    /** What was asked of it. */
    public Options options() {
        return options;
    }

    /** How often the guest is asked for statistics, in nanoseconds; 0 if it is not. */
    public long statisticsIntervalNanos() {
        return statisticsQueue == null ? 0 : statisticsQueue.intervalNanos();
    }

    /**
     * Asks the guest for statistics now and then this often, or not if 0; from any thread.
     *
     * @throws IllegalStateException if the balloon was made without statistics
     */
    public void setStatisticsInterval(long intervalNanos) {
        if (statisticsQueue == null) {
            throw new IllegalStateException("the balloon was made without statistics");
        }
        if (intervalNanos < 0) {
            throw new IllegalArgumentException("statistics every " + intervalNanos + " ns");
        }
        statisticsQueue.setInterval(intervalNanos);
        VirtioContext active = context;
        if (active != null && active.has(FEATURE_STATS_VQ)) {
            active.ring(STATISTICS);
        }
    }

    /** What the guest said last about its memory. */
    public GuestStatistics statistics() {
        return statistics;
    }

    /**
     * Asks the guest to name the memory it has free, which goes back to the host; from any thread. The guest keeps that memory
     * until the run ends. One that gets short of memory meanwhile may use it before its hint is handled, and then loses what
     * it wrote: Linux does not wait.
     *
     * @param endWithGuest whether the run ends when the guest is through; otherwise {@link #stopHinting} ends it
     * @throws IllegalStateException if the balloon was made without hinting, or the guest's driver does not know it
     */
    public void startHinting(boolean endWithGuest) {
        VirtioContext active = hintingContext();
        hintQueue().start(endWithGuest);
        active.configChanged();
    }

    /**
     * Ends the run of hints: the guest may use what it named. From any thread.
     *
     * @throws IllegalStateException as {@link #startHinting}
     */
    public void stopHinting() {
        VirtioContext active = hintingContext();
        hintQueue().stop();
        active.configChanged();
    }

    /**
     * How far hinting has come.
     *
     * @throws IllegalStateException if the balloon was made without hinting
     */
    public HintingStatus hintingStatus() {
        HintQueue queue = hintQueue();
        return new HintingStatus(Integer.toUnsignedLong(queue.hostCommand()), queue.guestCommand());
    }

    private HintQueue hintQueue() {
        if (hints == null) {
            throw new IllegalStateException("the balloon was made without free page hinting");
        }
        return hints;
    }

    private VirtioContext hintingContext() {
        hintQueue();
        VirtioContext active = context;
        if (active == null || !active.has(FEATURE_FREE_PAGE_HINT)) {
            throw new IllegalStateException("the guest has no balloon driver that knows free page hinting");
        }
        return active;
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
        return (options.statistics ? 1L << FEATURE_STATS_VQ : 0)
                | (options.deflateOnOom ? 1L << FEATURE_DEFLATE_ON_OOM : 0)
                | (options.freePageHinting ? 1L << FEATURE_FREE_PAGE_HINT : 0)
                | (options.freePageReporting ? 1L << FEATURE_PAGE_REPORTING : 0);
    }

    @Override
    public int[] queueSizes() {
        int[] sizes = new int
                [STATISTICS
                        + (options.statistics ? 1 : 0)
                        + (options.freePageHinting ? 1 : 0)
                        + (options.freePageReporting ? 1 : 0)];
        Arrays.fill(sizes, QUEUE_SIZE);
        return sizes;
    }

    @Override
    public long readConfig(int offset, int sizeBytes) {
        long value = 0;
        for (int i = sizeBytes - 1; i >= 0; i--) {
            value = value << Byte.SIZE | configByte(offset + i);
        }
        return value;
    }

    /** {@code struct virtio_balloon_config}: num_pages, actual, free_page_hint_cmd_id (virtio 1.2 §5.5.4). */
    private int configByte(int at) {
        if (at < 0 || at >= CONFIG_BYTES) {
            return 0;
        }
        int word = switch (at / Integer.BYTES) {
            case 0 -> targetPages;
            case 1 -> actualPages;
            default -> hints == null ? 0 : hints.hostCommand();
        };
        return word >>> (Byte.SIZE * (at % Integer.BYTES)) & 0xFF;
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
        int next = STATISTICS;
        statisticsIndex = newContext.has(FEATURE_STATS_VQ) ? next++ : NO_QUEUE;
        hintIndex = newContext.has(FEATURE_FREE_PAGE_HINT) ? next++ : NO_QUEUE;
        reportingIndex = newContext.has(FEATURE_PAGE_REPORTING) ? next : NO_QUEUE;
        inflate.reset();
        deflate.reset();
        if (statisticsQueue != null && statisticsIndex != NO_QUEUE) {
            statisticsQueue.begin(newContext, newContext.queue(STATISTICS));
        }
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
        } else if (index == statisticsIndex && statisticsQueue != null) {
            statisticsQueue.serve();
        } else if (index == hintIndex && hints != null) {
            more = hints.serve(queue, active.memory(), active::configChanged);
        } else if (index == reportingIndex) {
            more = takeReports(queue, active.memory());
        }
        if (more) {
            active.ring(index);
        }
    }

    @Override
    public void reset(Runnable quiet) {
        context = null;
        if (statisticsQueue != null) {
            statisticsQueue.end();
        }
        if (hints != null) {
            hints.reset();
        }
        actualPages = 0;
        statistics.clear();
        quiet.run();
    }

    @Override
    public void close() {
        if (statisticsQueue != null) {
            statisticsQueue.close();
        }
    }

    /** Gives back what the guest reports free; true if there may be more. */
    private boolean takeReports(Virtqueue queue, GuestMemory memory) {
        queue.suppressDoorbells();
        int served = 0;
        do {
            while (queue.poll(reportChain)) {
                if (served++ == QUEUE_SIZE) {
                    queue.undoPoll();
                    queue.flush();
                    return true;
                }
                takeReport(memory);
                queue.complete(reportChain, 0);
            }
            queue.flush();
        } while (queue.armDoorbells());
        return false;
    }

    private void takeReport(GuestMemory memory) {
        if (reportChain.readableBytes() != 0) {
            throw new VirtioException("a device-readable buffer in the reporting_vq (virtio 1.2 §5.5.6.7)");
        }
        long start = clock.nanoTime();
        reported.begin(memory);
        for (int i = 0; i < reportChain.pieces(); i++) {
            reported.add(reportChain.memory(i), reportChain.offset(i), reportChain.lengthBytes(i));
        }
        reported.giveBack();
        reported.record(reports, start, clock.nanoTime());
    }
}
