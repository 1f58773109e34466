package dev.lull.agent.machine;

import dev.lull.device.bus.Doorbells;
import dev.lull.kvm.VmFd;
import dev.lull.linux.EventFd;

/** Doorbells as ioeventfds. */
final class MmioDoorbells implements Doorbells {
    private final VmFd vm;

    MmioDoorbells(VmFd vm) {
        this.vm = vm;
    }

    @Override
    public void attach(long gpa, int lengthBytes, EventFd event) {
        vm.attachIoEventFd(event, gpa, lengthBytes, false);
    }

    @Override
    public void detach(long gpa, int lengthBytes, EventFd event) {
        vm.detachIoEventFd(event, gpa, lengthBytes, false);
    }
}
