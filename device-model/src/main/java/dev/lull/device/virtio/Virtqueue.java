package dev.lull.device.virtio;

/**
 * The device's side of one queue. Used on the device's loop; allocates nothing.
 *
 * <p>The shape of a device's work: {@link #suppressDoorbells}, {@link #poll} and handle until there is nothing left,
 * {@link #armDoorbells} and once more if something came meanwhile, {@link #flush}. Requests may be completed later and in any
 * order.
 */
public interface Virtqueue {
    /** The number of descriptors, as the driver set it; no chain is longer. */
    int size();

    /**
     * Takes the next available chain, every descriptor of it checked.
     *
     * @param chain is filled; the caller keeps it until {@link #complete}
     * @return false if there is none
     * @throws VirtioException if the driver broke a rule
     */
    boolean poll(DescriptorChain chain);

    /** Gives back the chain of the last {@link #poll}, as if it had not been taken. */
    void undoPoll();

    /**
     * Returns a chain to the driver, which sees it with the next {@link #flush}.
     *
     * @param writtenBytes how much of its device-writable part was written, from its start
     */
    void complete(DescriptorChain chain, int writtenBytes);

    /**
     * Something was written into the chain's device-writable part, though it is not completed, or not yet. {@link #complete} says
     * so by itself: what it returns is written before it is called, all of it.
     */
    void wrote(DescriptorChain chain);

    /**
     * Shows the driver all that was completed since the last time, at once, and interrupts it if it wants to know. At once,
     * because a network packet may lie in several chains, of which a driver that sees the first takes the others.
     */
    void flush();

    /** Asks the driver for no doorbells, as the device looks anyway. */
    void suppressDoorbells();

    /**
     * Asks the driver to ring again.
     *
     * @return whether chains became available before it could know
     */
    boolean armDoorbells();
}
