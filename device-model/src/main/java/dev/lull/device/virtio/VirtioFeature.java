package dev.lull.device.virtio;

/** Feature bits that belong to no one device type (virtio 1.2 §6), as bit numbers. */
public final class VirtioFeature {
    /** VIRTIO_F_INDIRECT_DESC: a descriptor may refer to a table of descriptors. */
    public static final int INDIRECT_DESC = 28;

    /** VIRTIO_F_EVENT_IDX: each side says by index when it next wants to be notified. */
    public static final int EVENT_IDX = 29;

    /** VIRTIO_F_VERSION_1: the device is one of virtio 1.0 or later. */
    public static final int VERSION_1 = 32;

    private VirtioFeature() {}
}
