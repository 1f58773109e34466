package dev.lull.device.virtio;

import dev.lull.device.memory.GuestMemory;
import org.jspecify.annotations.Nullable;

/** The registers of one queue (virtio 1.2 §4.1.4.3), and its doorbell. Guarded by {@link VirtioPciCommon}, but for the doorbell. */
final class VirtioPciQueue implements AutoCloseable {
    private static final long LOW_WORD = 0xFFFF_FFFFL;

    private final int maxSize;
    private final Doorbell doorbell;
    private final VirtioPciInterrupts interrupts;
    private final Runnable interrupt;

    private int size;
    private long descriptorArea;
    private long driverArea;
    private long deviceArea;
    private @Nullable SplitQueue queue;

    /** Read on the device's loop, too. */
    private volatile int vector;

    VirtioPciQueue(String name, int maxSize, VirtioPciInterrupts interrupts) {
        this.maxSize = maxSize;
        this.interrupts = interrupts;
        this.doorbell = new Doorbell(name);
        this.interrupt = () -> interrupts.raiseQueue(vector);
        reset();
    }

    /** As it was at first. */
    void reset() {
        size = maxSize;
        descriptorArea = 0;
        driverArea = 0;
        deviceArea = 0;
        queue = null;
        vector = VirtioPciInterrupts.NO_VECTOR;
    }

    int size() {
        return size;
    }

    void setSize(int newSize) {
        size = newSize;
    }

    int vector() {
        return vector;
    }

    void setVector(int newVector) {
        vector = interrupts.available(newVector);
    }

    boolean isEnabled() {
        return queue != null;
    }

    /** The queue; null if it is not enabled. */
    @Nullable
    SplitQueue queue() {
        return queue;
    }

    /**
     * Enables the queue as the registers describe it.
     *
     * @throws VirtioException if they describe none
     */
    void enable(GuestMemory memory, long features) {
        if (size > maxSize) {
            throw new VirtioException(
                    "queue size %d is more than the device's %d (virtio 1.2 §4.1.4.3)".formatted(size, maxSize));
        }
        queue = new SplitQueue(memory, size, descriptorArea, driverArea, deviceArea, features, interrupt);
    }

    /** @param word 0 to 5: the low and high halves of the descriptor, driver and device areas */
    long areaWord(int word) {
        long area = switch (word >>> 1) {
            case 0 -> descriptorArea;
            case 1 -> driverArea;
            default -> deviceArea;
        };
        return (word & 1) == 0 ? area & LOW_WORD : area >>> 32;
    }

    /** As {@link #areaWord}. */
    void setAreaWord(int word, long value) {
        switch (word >>> 1) {
            case 0 -> descriptorArea = replace(descriptorArea, word, value);
            case 1 -> driverArea = replace(driverArea, word, value);
            default -> deviceArea = replace(deviceArea, word, value);
        }
    }

    /** What the driver rings when it has made buffers available. */
    Doorbell doorbell() {
        return doorbell;
    }

    @Override
    public void close() {
        doorbell.close();
    }

    private static long replace(long area, int word, long value) {
        return (word & 1) == 0 ? (area & ~LOW_WORD) | (value & LOW_WORD) : (area & LOW_WORD) | (value << 32);
    }
}
