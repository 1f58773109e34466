package dev.lull.device.legacy;

import dev.lull.device.bus.IoRegion;

/**
 * The keyboard controller, of which one command is left: pulse the processor's reset line. It occupies ports 0x60–0x64
 * and tells drivers that no keyboard is there.
 */
public final class I8042 implements IoRegion {
    /** First port. */
    public static final int PORT = 0x60;

    /** Ports from 0x60 to the command register at 0x64. */
    public static final int LENGTH_BYTES = 5;

    private static final int COMMAND_OFFSET = 4;
    private static final int PULSE_RESET = 0xFE;

    private final Runnable onReset;

    /** @param onReset called on a vCPU thread when the guest pulses the reset line */
    public I8042(Runnable onReset) {
        this.onReset = onReset;
    }

    @Override
    public long read(long offset, int sizeBytes) {
        // Status: both buffers are empty, so a guest that is about to pulse the line need not wait.
        return 0;
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        if (offset == COMMAND_OFFSET && (value & 0xFF) == PULSE_RESET) {
            onReset.run();
        }
    }
}
