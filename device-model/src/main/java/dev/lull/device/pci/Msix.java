package dev.lull.device.pci;

import dev.lull.device.bus.IoRegion;
import dev.lull.device.bus.MessageInterrupts;
import dev.lull.linux.EventFd;

/**
 * MSI-X of a function (PCI 3.0 §6.8.2): the capability, the vector table and the pending bit array.
 *
 * <p>A vector is an eventfd. While it is unmasked its message is routed, and a signal reaches the vCPU without passing
 * here; while it is masked a signal stays in the eventfd, which is then its pending bit.
 */
public final class Msix implements AutoCloseable {
    /** The most vectors of a function. */
    public static final int MAX_VECTORS = 2048;

    /** Bytes of a table entry. */
    public static final int ENTRY_BYTES = 16;

    private static final int CAPABILITY_ID = 0x11;
    private static final int CAPABILITY_BYTES = 12;
    private static final int CONTROL = 2;
    private static final int TABLE = 4;
    private static final int PENDING = 8;
    private static final int CONTROL_ENABLE = 1 << 15;
    private static final int CONTROL_FUNCTION_MASK = 1 << 14;

    private final MsixVector[] vectors;
    private volatile boolean enabled;

    /**
     * Opens the vectors' interrupts.
     *
     * @param name whose they are, for messages
     * @param count 1 to {@value #MAX_VECTORS}
     */
    public Msix(String name, int count, MessageInterrupts interrupts) {
        if (count < 1 || count > MAX_VECTORS) {
            throw new IllegalArgumentException("1 to " + MAX_VECTORS + " MSI-X vectors, not " + count);
        }
        vectors = new MsixVector[count];
        try {
            for (int i = 0; i < count; i++) {
                vectors[i] = new MsixVector(interrupts.open(name + " vector " + i));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Adds the capability to {@code function}, whose base address register {@code bar} shows {@link #table} and
     * {@link #pending} at these offsets, multiples of 8.
     */
    public void addTo(PciFunction function, int bar, int tableOffset, int pendingOffset) {
        ConfigSpace config = function.config();
        int at = function.capabilities().add(CAPABILITY_ID, CAPABILITY_BYTES);
        config.set(at + CONTROL, 2, vectors.length - 1);
        config.set(at + TABLE, 4, tableOffset | bar);
        config.set(at + PENDING, 4, pendingOffset | bar);
        config.allowWrite(at + CONTROL, 2, CONTROL_ENABLE | CONTROL_FUNCTION_MASK);
        config.onWrite(at + CONTROL, 2, () -> control(function, (int) config.get(at + CONTROL, 2)));
    }

    /** The vector table, {@value #ENTRY_BYTES} bytes each. */
    public IoRegion table() {
        return new MsixTable(vectors);
    }

    /** The pending bit array: a bit each, in whole units of 8 bytes. */
    public IoRegion pending() {
        return new MsixPending(vectors);
    }

    /** The number of vectors. */
    public int count() {
        return vectors.length;
    }

    /** Whether the guest has enabled MSI-X; if not, the function is to use {@link IntxPin}. */
    public boolean isEnabled() {
        return enabled;
    }

    /** Raises vector {@code index} once: now, or when it is unmasked. Allocates nothing and takes no lock. */
    public void signal(int index) {
        vectors[index].event().signal();
    }

    /** What raises vector {@code index}, to be given to someone else to signal; owned by this object. */
    public EventFd event(int index) {
        return vectors[index].event();
    }

    /** Gives the interrupts back; nobody signals any more. */
    @Override
    public void close() {
        for (MsixVector vector : vectors) {
            if (vector != null) {
                vector.close();
            }
        }
    }

    private void control(PciFunction function, int value) {
        enabled = (value & CONTROL_ENABLE) != 0;
        function.intx().setSuperseded(enabled);
        boolean masked = (value & CONTROL_FUNCTION_MASK) != 0;
        for (MsixVector vector : vectors) {
            vector.control(enabled, masked);
        }
    }
}
