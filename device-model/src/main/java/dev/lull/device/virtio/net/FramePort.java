package dev.lull.device.virtio.net;

import dev.lull.linux.Fd;
import dev.lull.linux.Tap;

/**
 * Where a network device's frames come from and go to: one descriptor a queue, from which and to which a frame, behind its
 * {@code virtio_net_hdr_v1}, is read and written whole. Neither blocks.
 */
public interface FramePort extends AutoCloseable {
    /** The name on the host, for messages. */
    String name();

    /** The number of queues. */
    int queueCount();

    /** The descriptor of queue {@code index}; the port's own. */
    Fd queue(int index);

    /** The largest packet, in bytes without the Ethernet header. */
    int mtuBytes();

    /**
     * Says which frames the reader can finish by itself.
     *
     * @param offloads {@code TUN_F_…} of {@link dev.lull.linux.TapConstants}
     */
    void setOffloads(int offloads);

    /** Has frames come to queue {@code index}, or not. Only with more than one queue. */
    void enableQueue(int index, boolean enabled);

    /**
     * Has frames to other addresses than these dropped, as far as the port can.
     *
     * @param addresses six bytes each; empty lets all frames pass
     * @param allMulticast whether every multicast address passes
     */
    void setFilter(byte[] addresses, boolean allMulticast);

    @Override
    void close();

    /** A TAP device, which is closed with the port. */
    static FramePort of(Tap tap) {
        return new TapPort(tap);
    }
}
