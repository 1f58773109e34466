package dev.lull.device.virtio.net;

/** The state of the link, as both directions see it. */
interface NetLink {
    /** Whether frames can pass. */
    boolean isUp();

    /** Reading or writing a frame failed with error number {@code errno}. */
    void failed(int errno);
}
