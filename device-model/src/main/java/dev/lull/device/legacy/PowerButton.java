package dev.lull.device.legacy;

import dev.lull.device.bus.IoRegion;
import dev.lull.device.bus.LevelLine;

/**
 * A power button: a register of 32 bits that reads 1 once after it was pressed, and a level-triggered interrupt that is
 * asserted until then, so that no press is lost however late the guest begins to listen.
 */
public final class PowerButton implements IoRegion {
    /** Bytes of the register. */
    public static final int LENGTH_BYTES = 4;

    private final LevelLine line;
    private boolean pressed;

    /** A button nobody has pressed. */
    public PowerButton(LevelLine line) {
        this.line = line;
    }

    /** Presses it and lets it go; from any thread. */
    public synchronized void press() {
        pressed = true;
        line.set(true);
    }

    @Override
    public synchronized long read(long offset, int sizeBytes) {
        if (offset != 0 || sizeBytes != LENGTH_BYTES || !pressed) {
            return 0;
        }
        pressed = false;
        line.set(false);
        return 1;
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {}
}
