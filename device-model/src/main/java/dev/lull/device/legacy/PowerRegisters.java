package dev.lull.device.legacy;

import dev.lull.device.bus.IoRegion;

/**
 * The registers by which a hardware-reduced ACPI guest sleeps and resets, ACPI 6.5 §4.8.3.7 and §4.8.3.6: sleep control
 * at offset 0, sleep status at 1, reset at 2.
 */
public final class PowerRegisters implements IoRegion {
    /** First port. */
    public static final int PORT = 0x604;

    /** Three byte registers. */
    public static final int LENGTH_BYTES = 3;

    /** Port of the sleep control register. */
    public static final int SLEEP_CONTROL_PORT = PORT;

    /** Port of the sleep status register. */
    public static final int SLEEP_STATUS_PORT = PORT + 1;

    /** Port of the reset register. */
    public static final int RESET_PORT = PORT + 2;

    /** What the guest writes to {@link #RESET_PORT}. */
    public static final int RESET_VALUE = 1;

    /** The sleep type that means S5, soft off, in {@code \_S5}. */
    public static final int SLEEP_TYPE_S5 = 5;

    private static final int SLEEP_ENABLE = 1 << 5;
    private static final int SLEEP_TYPE_SHIFT = 2;
    private static final int SLEEP_TYPE_MASK = 7;

    private final Runnable onPowerOff;
    private final Runnable onReset;

    /** Both are called on a vCPU thread. */
    public PowerRegisters(Runnable onPowerOff, Runnable onReset) {
        this.onPowerOff = onPowerOff;
        this.onReset = onReset;
    }

    @Override
    public long read(long offset, int sizeBytes) {
        return 0;
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        if (offset == SLEEP_CONTROL_PORT - PORT) {
            long sleepType = (value >>> SLEEP_TYPE_SHIFT) & SLEEP_TYPE_MASK;
            if ((value & SLEEP_ENABLE) != 0 && sleepType == SLEEP_TYPE_S5) {
                onPowerOff.run();
            }
        } else if (offset == RESET_PORT - PORT && (value & 0xFF) == RESET_VALUE) {
            onReset.run();
        }
    }
}
