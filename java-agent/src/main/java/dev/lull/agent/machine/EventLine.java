package dev.lull.agent.machine;

import dev.lull.device.bus.InterruptLine;
import dev.lull.kvm.VmFd;
import dev.lull.linux.EventFd;

/** An interrupt input of the in-kernel I/O APIC, reached by an irqfd. */
final class EventLine implements InterruptLine, AutoCloseable {
    private final EventFd event;

    EventLine(VmFd vm, int gsi) {
        event = new EventFd("interrupt line " + gsi);
        try {
            vm.attachIrqFd(event, gsi);
        } catch (RuntimeException e) {
            event.close();
            throw e;
        }
    }

    @Override
    public void pulse() {
        event.signal();
    }

    @Override
    public void close() {
        event.close();
    }
}
