package dev.lull.device.bus;

import dev.lull.linux.EventFd;

/**
 * One message-signalled interrupt: an eventfd that, while routed, delivers its message to a vCPU without leaving the kernel.
 *
 * <p>Routing calls come from vCPU threads, one at a time; signals from any thread.
 */
public interface MessageInterrupt extends AutoCloseable {
    /**
     * Delivers {@code address} and {@code data} from now on, whatever was routed before.
     *
     * @param address as the guest programmed it (PCI 3.0 §6.8.2)
     * @param data as the guest programmed it
     */
    void route(long address, int data);

    /** Delivers nothing from now on; what is signalled meanwhile stays in {@link #event}. */
    void unroute();

    /** What a device signals, by itself or by handing the descriptor to someone else. */
    EventFd event();

    @Override
    void close();
}
