package dev.lull.device.virtio.vsock;

import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import org.agrona.concurrent.status.AtomicCounter;

/** What a socket device counts. */
final class VsockStats {
    /** Packets to the guest, and their payload. */
    final RequestStats receive;

    /** Packets from the guest, and their payload. */
    final RequestStats transmit;

    /** Streams begun. */
    final AtomicCounter streams;

    /** Streams, or programs of the host, that were turned away. */
    final AtomicCounter refused;

    /** Streams reset because the guest broke a rule. */
    final AtomicCounter violations;

    /** Packets of the guest from an address that is not its own. */
    final AtomicCounter spoofed;

    VsockStats(DeviceStats stats) {
        receive = stats.request("receive");
        transmit = stats.request("transmit");
        streams = stats.counter("streams");
        refused = stats.counter("refused");
        violations = stats.counter("violations");
        spoofed = stats.counter("spoofed");
    }

    /** Adds one; the device's loop is the only writer. */
    static void count(AtomicCounter counter) {
        counter.setRelease(counter.getPlain() + 1);
    }
}
