package dev.lull.device.pci;

import dev.lull.device.bus.IoRegion;
import dev.lull.device.bus.LevelLine;
import java.util.function.IntConsumer;

/**
 * How a guest learns through ACPI that a device has come or is to go, and how it gives one up: registers of 32 bits with a bit
 * a slot, and a level-triggered interrupt that is asserted while a slot waits to be read, so that no event is lost however late
 * the guest begins to listen.
 *
 * <p>Slots are named by the host's threads, registers accessed by vCPUs; both are rare, and share one lock.
 */
public final class HotplugRegisters implements IoRegion {
    /** Slots whose device is new; reading clears. */
    public static final int UP = 0;

    /** Slots whose device is to go; reading clears. */
    public static final int DOWN = 4;

    /** Slots to be emptied, written by the guest once no driver uses the device. */
    public static final int EJECT = 8;

    /** Bytes of all registers. */
    public static final int LENGTH_BYTES = 16;

    private final LevelLine line;
    private final IntConsumer onEject;
    private int up;
    private int down;

    /**
     * Registers where nothing waits.
     *
     * @param onEject takes each slot the guest gives up, on a vCPU's thread
     */
    public HotplugRegisters(LevelLine line, IntConsumer onEject) {
        this.line = line;
        this.onEject = onEject;
    }

    /** Tells the guest that there is a device in {@code slot} that was not. */
    public synchronized void announce(int slot) {
        up |= 1 << slot;
        update();
    }

    /** Asks the guest to give up the device in {@code slot}. */
    public synchronized void requestEject(int slot) {
        down |= 1 << slot;
        update();
    }

    /** Takes back what the guest was told or asked of {@code slot} and has not read yet. */
    public synchronized void withdraw(int slot) {
        up &= ~(1 << slot);
        down &= ~(1 << slot);
        update();
    }

    @Override
    public synchronized long read(long offset, int sizeBytes) {
        if (sizeBytes != Integer.BYTES) {
            return 0;
        }
        int slots = 0;
        if (offset == UP) {
            slots = up;
            up = 0;
        } else if (offset == DOWN) {
            slots = down;
            down = 0;
        }
        update();
        return Integer.toUnsignedLong(slots);
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        if (offset != EJECT || sizeBytes != Integer.BYTES) {
            return;
        }
        for (int slots = (int) value; slots != 0; slots &= slots - 1) {
            onEject.accept(Integer.numberOfTrailingZeros(slots));
        }
    }

    private void update() {
        line.set((up | down) != 0);
    }
}
