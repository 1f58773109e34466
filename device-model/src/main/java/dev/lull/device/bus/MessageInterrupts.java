package dev.lull.device.bus;

/** Where a device gets the message-signalled interrupts of the machine it sits in. */
public interface MessageInterrupts {
    /**
     * A new interrupt, unrouted.
     *
     * @param name whose it is, for messages
     */
    MessageInterrupt open(String name);
}
