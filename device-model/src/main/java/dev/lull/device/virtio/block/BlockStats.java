package dev.lull.device.virtio.block;

import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.status.AtomicCounter;

/** What a disk counts: each operation from queue to completion, and what it did not know. */
final class BlockStats {
    private final NanoClock clock;
    private final RequestStats read;
    private final RequestStats write;
    private final RequestStats flush;
    private final RequestStats discard;
    private final RequestStats zero;
    private final AtomicCounter unsupported;

    BlockStats(DeviceStats stats, NanoClock clock) {
        this.clock = clock;
        read = stats.request("read");
        write = stats.request("write");
        flush = stats.request("flush");
        discard = stats.request("discard");
        zero = stats.request("zero");
        unsupported = stats.counter("unsupported");
    }

    void record(BlockRequest request, int status) {
        RequestStats stats = switch (request.type()) {
            case BlockLayout.T_IN -> read;
            case BlockLayout.T_OUT -> write;
            case BlockLayout.T_FLUSH -> flush;
            case BlockLayout.T_DISCARD -> discard;
            case BlockLayout.T_WRITE_ZEROES -> zero;
            default -> null;
        };
        if (status == BlockLayout.S_UNSUPP) {
            unsupported.setRelease(unsupported.getPlain() + 1);
        }
        if (stats == null) {
            return;
        }
        if (status == BlockLayout.S_OK) {
            stats.record(request.startNanos(), clock.nanoTime(), request.movedBytes());
        } else {
            stats.recordFailure(request.startNanos(), clock.nanoTime());
        }
    }
}
