package dev.lull.device.bus;

/** An edge-triggered interrupt input of the guest. Called from any thread; it never blocks. */
public interface InterruptLine {
    /** Leads nowhere. */
    InterruptLine NONE = () -> {};

    /** Raises the interrupt once. */
    void pulse();
}
