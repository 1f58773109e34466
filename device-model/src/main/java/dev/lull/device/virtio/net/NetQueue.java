package dev.lull.device.virtio.net;

/** What both directions of a pair of queues have in common. */
interface NetQueue {
    /** The most packets moved before others of the same loop have a turn. */
    int BATCH_PACKETS = 128;

    /** {@code struct virtio_net_hdr_v1} (virtio 1.2 §5.1.6), the same before and behind the device. */
    int HEADER_BYTES = 12;

    /** Where {@code num_buffers} is in it. */
    int NUM_BUFFERS = 10;

    /** The longest frame with its header: 64 KiB of segments, Ethernet and VLAN headers. */
    int MAX_FRAME_BYTES = HEADER_BYTES + 65536 + 18;

    /**
     * Moves packets until there are none, or no place for them, or a batch is full.
     *
     * @return whether there is more to do at once
     */
    boolean run();
}
