package dev.lull.device.pci;

import dev.lull.device.bus.LevelLine;
import org.jspecify.annotations.Nullable;

/** The INTA# pin of a function (PCI 3.0 §2.2.6): asserted while the device asks, unless disabled or superseded by MSI-X. */
public final class IntxPin {
    private @Nullable LevelLine line;
    private boolean requested;
    private boolean disabled;
    private boolean superseded;
    private boolean asserted;

    IntxPin() {}

    /** The device's side: whether it has an interrupt to be served. From any thread. */
    public synchronized void set(boolean isRequested) {
        requested = isRequested;
        update();
    }

    synchronized void connect(@Nullable LevelLine newLine) {
        if (line != null && asserted) {
            line.set(false);
        }
        asserted = false;
        line = newLine;
        update();
    }

    /** The command register's Interrupt Disable bit. */
    synchronized void setDisabled(boolean isDisabled) {
        disabled = isDisabled;
        update();
    }

    /** Whether the function uses MSI-X instead. */
    synchronized void setSuperseded(boolean isSuperseded) {
        superseded = isSuperseded;
        update();
    }

    /** The status register's Interrupt Status bit, which does not depend on Interrupt Disable. */
    synchronized boolean status() {
        return requested && !superseded;
    }

    private void update() {
        boolean wanted = requested && !disabled && !superseded;
        if (line != null && wanted != asserted) {
            asserted = wanted;
            line.set(wanted);
        }
    }
}
