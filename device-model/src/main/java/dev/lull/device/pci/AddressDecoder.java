package dev.lull.device.pci;

import java.util.ArrayList;
import java.util.List;

/**
 * Puts the regions of base address registers on the buses, where the guest wants them and there is room.
 *
 * <p>A guest may want them anywhere. One outside the windows, or over anything that is already there, answers nowhere until
 * it is moved, or until what is in its way goes. Neither disturbs anyone else.
 */
final class AddressDecoder {
    private final PciResources resources;
    private final List<Bar> waiting = new ArrayList<>();

    AddressDecoder(PciResources resources) {
        this.resources = resources;
    }

    /** Has {@code bar} answer at {@code address}, or at {@link Bar#NOWHERE}; called under its function's lock. */
    synchronized void move(Bar bar, long address) {
        if (bar.wanted == address) {
            return;
        }
        boolean freed = remove(bar);
        bar.wanted = address;
        if (address != Bar.NOWHERE && isInWindow(bar) && !place(bar)) {
            waiting.add(bar);
        }
        if (freed) {
            waiting.removeIf(this::place);
        }
    }

    private boolean remove(Bar bar) {
        waiting.remove(bar);
        if (!bar.placed) {
            return false;
        }
        bar.placed = false;
        bar.region().removed();
        resources.bus(bar.kind()).remove(bar.region());
        return true;
    }

    private boolean place(Bar bar) {
        if (!resources.bus(bar.kind()).tryAdd(bar.wanted, bar.sizeBytes(), bar.region())) {
            return false;
        }
        bar.placed = true;
        bar.region().placed(bar.wanted);
        return true;
    }

    private boolean isInWindow(Bar bar) {
        for (AddressWindow window : resources.windows(bar.kind())) {
            if (window.holds(bar.wanted, bar.sizeBytes())) {
                return true;
            }
        }
        return false;
    }
}
