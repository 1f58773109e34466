package dev.lull.device.bus;

import dev.lull.linux.EventFd;

/** Turns a guest's writes into signals without leaving the kernel. Called on vCPU threads. */
public interface Doorbells {
    /**
     * Signals {@code event} for each write of {@code lengthBytes} at {@code gpa}, whatever its value. The region that is on
     * the bus there sees writes of other widths only.
     *
     * @param lengthBytes 1, 2, 4 or 8
     */
    void attach(long gpa, int lengthBytes, EventFd event);

    /** Takes back what {@link #attach} did with the same arguments. */
    void detach(long gpa, int lengthBytes, EventFd event);
}
