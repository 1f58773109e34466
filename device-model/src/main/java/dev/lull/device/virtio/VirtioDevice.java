package dev.lull.device.virtio;

/**
 * The part of a virtio device that differs from type to type (virtio 1.2 §5). The transport does the rest: configuration,
 * queues' addresses, status, interrupts.
 *
 * <p>{@link #activate}, {@link #notified} and {@link #reset} run on the device's loop, the configuration accessors on vCPU
 * threads; the others at any time. A {@link VirtioException} from the loop's calls breaks this device until the driver
 * resets it, and no other.
 */
public interface VirtioDevice extends AutoCloseable {
    /** The device type, virtio 1.2 §5. */
    int type();

    /** The PCI class code: class, subclass and interface in 24 bits. */
    int pciClass();

    /** The features of this type that are offered, bits 0–23 and 50–63; the transport adds its own. */
    long features();

    /** The largest size of each queue, each a power of two up to 32768. */
    int[] queueSizes();

    /**
     * A read of device-specific configuration.
     *
     * @param offset from its start; what lies outside reads as 0
     * @param sizeBytes 1, 2 or 4
     */
    long readConfig(int offset, int sizeBytes);

    /** A write to device-specific configuration; without effect where the driver may not write. */
    default void writeConfig(int offset, int sizeBytes, long value) {}

    /** The driver is ready (DRIVER_OK): begin. */
    void activate(VirtioContext context);

    /** The driver has made buffers available in queue {@code queue}, or may have. */
    void notified(int queue);

    /**
     * The driver wants the device as it was at first, even if {@link #activate} failed. The device touches neither queues nor
     * guest memory once it has run {@code quiet}: at once, or when the last request under way has ended.
     */
    void reset(Runnable quiet);

    /**
     * Requests that may still write guest memory without the loop's doing, as a read from a disk does. On the loop; of one that
     * counts any, events come even while it is broken.
     */
    default int requestsUnderWay() {
        return 0;
    }

    /** Gives back what the device holds; it is not active any more. */
    @Override
    void close();
}
