package dev.lull.device.pci;

import dev.lull.device.bus.MessageInterrupt;
import dev.lull.linux.EventFd;

/** An entry of an MSI-X table, and whether its message is routed. Registers are guarded by its own lock. */
final class MsixVector {
    private static final int ADDRESS_LOW = 0;
    private static final int ADDRESS_HIGH = 1;
    private static final int DATA = 2;
    private static final int CONTROL = 3;
    private static final int CONTROL_MASK = 1;

    /** The dwords of the entry; masked at first (PCI 3.0 §6.8.2.9). */
    private final int[] entry = {0, 0, 0, CONTROL_MASK};

    private final MessageInterrupt interrupt;
    private boolean enabled;
    private boolean functionMasked;
    private boolean routed;
    private boolean pending;
    private boolean closed;

    MsixVector(MessageInterrupt interrupt) {
        this.interrupt = interrupt;
    }

    EventFd event() {
        return interrupt.event();
    }

    /** @param dword 0 to 3 */
    synchronized int read(int dword) {
        return entry[dword];
    }

    /** @param dword 0 to 3 */
    synchronized void write(int dword, int value) {
        int newValue = dword == CONTROL ? value & CONTROL_MASK : dword == ADDRESS_LOW ? value & ~3 : value;
        boolean changed = entry[dword] != newValue;
        entry[dword] = newValue;
        if (changed) {
            update(true);
        }
    }

    /** The function's enable and mask bits. */
    synchronized void control(boolean isEnabled, boolean isFunctionMasked) {
        enabled = isEnabled;
        functionMasked = isFunctionMasked;
        update(false);
        if (!enabled && !closed) {
            collect();
            pending = false;
        }
    }

    /** The pending bit: something was signalled while the vector was masked. */
    synchronized boolean isPending() {
        if (!routed && !closed) {
            collect();
        }
        return pending;
    }

    synchronized void close() {
        if (!closed) {
            closed = true;
            interrupt.close();
        }
    }

    private void update(boolean messageChanged) {
        boolean wanted = enabled && !functionMasked && (entry[CONTROL] & CONTROL_MASK) == 0;
        if (closed || (wanted == routed && !(routed && messageChanged))) {
            return;
        }
        if (!wanted) {
            routed = false;
            interrupt.unroute();
            return;
        }
        if (!routed) {
            // What comes between this and the routing stays in the eventfd, where whoever routes it finds it.
            collect();
            routed = true;
        }
        interrupt.route((long) entry[ADDRESS_HIGH] << 32 | (entry[ADDRESS_LOW] & 0xFFFF_FFFFL), entry[DATA]);
        if (pending) {
            pending = false;
            interrupt.event().signal();
        }
    }

    private void collect() {
        pending |= interrupt.event().drain() != 0;
    }
}
