package dev.lull.agent.control.vm;

import dev.lull.agent.machine.MachineEnd;

/** Hears of everything and does nothing about it. */
public final class SilentObserver implements VmObserver {
    @Override
    public void configured(MicroVm changed) {}

    @Override
    public void changed(MicroVm changed, VmState state) {}

    @Override
    public void ended(MicroVm changed, MachineEnd end) {}

    @Override
    public void warned(MicroVm changed, String warning) {}
}
