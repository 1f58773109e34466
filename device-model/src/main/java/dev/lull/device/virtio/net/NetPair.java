package dev.lull.device.virtio.net;

import dev.lull.linux.LinuxConstants;

/** One pair of queues, and which of them has more to do at once. */
final class NetPair {
    private final ReceiveQueue receive;
    private final TransmitQueue transmit;
    private boolean moreToReceive;
    private boolean moreToTransmit;
    private boolean watched;

    NetPair(ReceiveQueue receive, TransmitQueue transmit) {
        this.receive = receive;
        this.transmit = transmit;
    }

    /** Something new may be possible in one direction: the guest rang its doorbell, or its rate allows more. */
    void notified(boolean isReceive) {
        if (isReceive) {
            moreToReceive = receive.run();
        } else {
            moreToTransmit = transmit.run();
        }
    }

    /** The port has frames, takes frames, or both. */
    void portReady(int eventMask) {
        if ((eventMask & ~LinuxConstants.EPOLLOUT) != 0) {
            receive.portReady();
            moreToReceive = receive.run();
        }
        if (transmit.waitsForPort() && (eventMask & LinuxConstants.EPOLLOUT) != 0) {
            moreToTransmit = transmit.run();
        }
    }

    /** Goes on with what {@link #hasMore}. */
    void runPending() {
        if (moreToReceive) {
            moreToReceive = receive.run();
        }
        if (moreToTransmit) {
            moreToTransmit = transmit.run();
        }
    }

    /** Whether a full batch ended a run. */
    boolean hasMore() {
        return moreToReceive || moreToTransmit;
    }

    /** Whether the pair's descriptor is watched. */
    boolean isWatched() {
        return watched;
    }

    void setWatched(boolean isWatched) {
        watched = isWatched;
    }
}
