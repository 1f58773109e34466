package dev.lull.device.virtio.net;

import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import org.agrona.concurrent.status.AtomicCounter;

/** What a network device counts. A packet that was lost is in one of the counters behind the first two. */
final class NetStats {
    final RequestStats receive;
    final RequestStats transmit;

    /** Packets longer than the guest's buffers, or than any frame. */
    final AtomicCounter receiveTooLong;

    final AtomicCounter transmitTooLong;

    /** Times the guest had no buffers for packets that waited. */
    final AtomicCounter receiveStarved;

    /** Packets the guest sent while the link was down. */
    final AtomicCounter transmitLinkDown;

    /** Times the link went down by itself. */
    final AtomicCounter linkDown;

    NetStats(DeviceStats stats) {
        receive = stats.request("receive");
        transmit = stats.request("transmit");
        receiveTooLong = stats.counter("receive.too-long");
        receiveStarved = stats.counter("receive.starved");
        transmitTooLong = stats.counter("transmit.too-long");
        transmitLinkDown = stats.counter("transmit.link-down");
        linkDown = stats.counter("link-down");
    }

    /** Adds one; the device's loop is the only writer. */
    static void count(AtomicCounter counter) {
        counter.setRelease(counter.getPlain() + 1);
    }
}
