package dev.lull.agent.control.vm;

import dev.lull.agent.machine.MachineEnd;

/** Is told what becomes of a virtual machine. On any thread, some of them the machine's own: nothing here waits. */
public interface VmObserver {
    /** Its configuration is another one. */
    void configured(MicroVm vm);

    /** It is in another state. */
    void changed(MicroVm vm, VmState state);

    /** It ended, and holds nothing any more; it can be started again. */
    void ended(MicroVm vm, MachineEnd end);

    /** Something is amiss that does not end it: a line for a person. */
    void warned(MicroVm vm, String warning);
}
