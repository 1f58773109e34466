package dev.lull.agent.machine;

import dev.lull.device.bus.LevelLine;
import dev.lull.kvm.VmFd;

/** The level-triggered inputs of the I/O APIC: each is asserted while one of its sources asserts it. */
final class LevelInputs {
    private static final int GSIS = 24;

    private final VmFd vm;
    private final int[] assertions = new int[GSIS];

    LevelInputs(VmFd vm) {
        this.vm = vm;
    }

    /** A new source of {@code gsi}, which it does not assert. */
    LevelLine source(int gsi) {
        return new Source(gsi);
    }

    private synchronized void change(int gsi, boolean asserted) {
        assertions[gsi] += asserted ? 1 : -1;
        if (assertions[gsi] == (asserted ? 1 : 0)) {
            vm.setIrqLine(gsi, asserted);
        }
    }

    private final class Source implements LevelLine {
        private final int gsi;
        private boolean asserted;

        Source(int gsi) {
            this.gsi = gsi;
        }

        @Override
        public synchronized void set(boolean newAsserted) {
            if (asserted != newAsserted) {
                asserted = newAsserted;
                change(gsi, newAsserted);
            }
        }
    }
}
