package dev.lull.device.pci;

import dev.lull.device.bus.IoRegion;

/** What a base address register makes visible, and who wants to know where. */
public interface BarRegion extends IoRegion {
    /** The region answers at {@code address} from now on. Called on any thread, under a lock of the bus. */
    default void placed(long address) {}

    /** The region answers no more at the address it was last placed at; accesses under way may still come. */
    default void removed() {}
}
