package dev.lull.agent.machine;

import dev.lull.device.bus.MessageInterrupt;
import dev.lull.device.bus.MessageInterrupts;
import dev.lull.kvm.GsiRouting;
import dev.lull.kvm.VmFd;
import dev.lull.linux.EventFd;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Message-signalled interrupts as KVM delivers them: each has a GSI of its own behind the I/O APIC's, a route in the VM's one
 * table, and an irqfd while it is routed.
 *
 * <p>Signals take no lock. Routing does: KVM takes the table whole.
 */
final class MessageRouter implements MessageInterrupts {
    private static final int FIRST_GSI = 24;
    /** The table's other entries: the I/O APIC's pins and the PICs'. */
    private static final int PIN_ENTRIES = 24 + 16;

    private static final int CAPACITY = GsiRouting.CAPACITY - PIN_ENTRIES;

    private final VmFd vm;
    private final GsiRouting table = new GsiRouting();
    private final List<@Nullable Message> messages = new ArrayList<>();

    MessageRouter(VmFd vm) {
        this.vm = vm;
    }

    @Override
    public synchronized MessageInterrupt open(String name) {
        int index = messages.indexOf(null);
        if (index < 0) {
            index = messages.size();
            if (index == CAPACITY) {
                throw new ConfigException(name + ": all " + CAPACITY + " message interrupts of the machine are taken");
            }
            messages.add(null);
        }
        Message message = new Message(name, index);
        messages.set(index, message);
        return message;
    }

    /** Entries of messages that are not routed any more stay until they are in the way: without an irqfd they do nothing. */
    private void publish() {
        table.reset();
        for (Message message : messages) {
            if (message != null && message.published) {
                table.addMessage(message.gsi, message.address, message.data);
            }
        }
        vm.setGsiRouting(table);
    }

    private final class Message implements MessageInterrupt {
        private final int index;
        private final int gsi;
        private final EventFd event;
        private boolean published;
        private boolean attached;
        private boolean closed;
        private long address;
        private int data;

        Message(String name, int index) {
            this.index = index;
            this.gsi = FIRST_GSI + index;
            this.event = new EventFd(name);
        }

        @Override
        public void route(long newAddress, int newData) {
            synchronized (MessageRouter.this) {
                if (closed) {
                    return;
                }
                if (!published || address != newAddress || data != newData) {
                    address = newAddress;
                    data = newData;
                    published = true;
                    publish();
                }
                if (!attached) {
                    vm.attachIrqFd(event, gsi);
                    attached = true;
                }
            }
        }

        @Override
        public void unroute() {
            synchronized (MessageRouter.this) {
                if (attached) {
                    attached = false;
                    vm.detachIrqFd(event, gsi);
                }
            }
        }

        @Override
        public EventFd event() {
            return event;
        }

        @Override
        public void close() {
            synchronized (MessageRouter.this) {
                if (!closed) {
                    unroute();
                    closed = true;
                    messages.set(index, null);
                    event.close();
                }
            }
        }
    }
}
