package dev.lull.device.legacy;

import dev.lull.device.bus.IoRegion;

/** A write-only port by which the guest's first program says that it runs. */
public final class BootTimer implements IoRegion {
    /** The port. */
    public static final int PORT = 0x3F0;

    /** One byte register. */
    public static final int LENGTH_BYTES = 1;

    /** What the guest writes. */
    public static final int SIGNAL = 123;

    private final Runnable onSignal;

    /** @param onSignal called on a vCPU thread at each signal */
    public BootTimer(Runnable onSignal) {
        this.onSignal = onSignal;
    }

    @Override
    public long read(long offset, int sizeBytes) {
        return 0;
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        if ((value & 0xFF) == SIGNAL) {
            onSignal.run();
        }
    }
}
