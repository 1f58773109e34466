package dev.lull.device.pci;

import dev.lull.device.bus.MessageInterrupt;
import dev.lull.linux.EventFd;

/** An interrupt that behaves like an irqfd: while routed it takes what is signalled, else that stays in the eventfd. */
public final class TestInterrupt implements MessageInterrupt {
    private final String name;
    private final EventFd event;
    private boolean routed;
    private boolean closed;
    private long address;
    private int data;
    private int delivered;

    TestInterrupt(String name) {
        this.name = name;
        this.event = new EventFd(name);
    }

    /** Whose it is. */
    public String name() {
        return name;
    }

    /** Whether a message is routed. */
    public synchronized boolean isRouted() {
        return routed;
    }

    /** The address of the last message routed. */
    public synchronized long address() {
        return address;
    }

    /** Its data. */
    public synchronized int data() {
        return data;
    }

    /** How many times the guest was interrupted; signals that nobody took between are one. */
    public synchronized int delivered() {
        deliver();
        return delivered;
    }

    @Override
    public synchronized void route(long newAddress, int newData) {
        deliver();
        address = newAddress;
        data = newData;
        routed = true;
    }

    @Override
    public synchronized void unroute() {
        deliver();
        routed = false;
    }

    @Override
    public EventFd event() {
        return event;
    }

    @Override
    public synchronized void close() {
        routed = false;
        closed = true;
        event.close();
    }

    private void deliver() {
        if (routed && !closed && event.drain() != 0) {
            delivered++;
        }
    }
}
