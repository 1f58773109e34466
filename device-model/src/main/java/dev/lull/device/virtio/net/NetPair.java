package dev.lull.device.virtio.net;

/** One pair of queues. */
final class NetPair {
    final ReceiveQueue receive;
    final TransmitQueue transmit;

    /** Whether the descriptor of their frames is watched. */
    boolean isWatched;

    NetPair(ReceiveQueue receive, TransmitQueue transmit) {
        this.receive = receive;
        this.transmit = transmit;
    }
}
