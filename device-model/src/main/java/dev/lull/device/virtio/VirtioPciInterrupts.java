package dev.lull.device.virtio;

import dev.lull.device.bus.IoRegion;
import dev.lull.device.pci.IntxPin;
import dev.lull.device.pci.Msix;

/**
 * How a device tells its driver of used buffers and of configuration changes: by MSI-X vectors or, where the driver has
 * not enabled them, by INTA# and the ISR status register (virtio 1.2 §4.1.4.5), which is this region.
 */
final class VirtioPciInterrupts implements IoRegion {
    /** VIRTIO_MSI_NO_VECTOR. */
    static final int NO_VECTOR = 0xFFFF;

    private static final int ISR_QUEUE = 1;
    private static final int ISR_CONFIG = 2;

    private final Msix msix;
    private final IntxPin intx;
    private volatile int configVector = NO_VECTOR;
    private int isr;

    VirtioPciInterrupts(Msix msix, IntxPin intx) {
        this.msix = msix;
        this.intx = intx;
    }

    /** What a driver gets that asks for {@code vector}: that, or {@link #NO_VECTOR} if there is none such. */
    int available(int vector) {
        return vector < msix.count() ? vector : NO_VECTOR;
    }

    int configVector() {
        return configVector;
    }

    void setConfigVector(int vector) {
        configVector = available(vector);
    }

    /** Tells of used buffers in a queue that has {@code vector}. Allocates nothing; with MSI-X, takes no lock. */
    void raiseQueue(int vector) {
        raise(vector, ISR_QUEUE);
    }

    /** Tells of a configuration change, and of DEVICE_NEEDS_RESET. */
    void raiseConfig() {
        raise(configVector, ISR_CONFIG);
    }

    /** Forgets what the driver has not read, and its choice of a vector. */
    void reset() {
        configVector = NO_VECTOR;
        takeIsr();
    }

    @Override
    public long read(long offset, int sizeBytes) {
        return offset == 0 ? takeIsr() : 0;
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {}

    private void raise(int vector, int cause) {
        if (!msix.isEnabled()) {
            raiseIntx(cause);
        } else if (vector != NO_VECTOR) {
            msix.signal(vector);
        }
    }

    private synchronized void raiseIntx(int cause) {
        isr |= cause;
        intx.set(true);
    }

    private synchronized int takeIsr() {
        int taken = isr;
        isr = 0;
        intx.set(false);
        return taken;
    }
}
