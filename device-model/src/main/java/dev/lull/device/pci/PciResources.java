package dev.lull.device.pci;

import dev.lull.device.bus.IoBus;
import dev.lull.device.bus.LevelLine;
import java.util.List;
import java.util.function.IntFunction;

/**
 * What a machine gives to its PCI bus.
 *
 * @param memory where memory base address registers become visible
 * @param ports where those of I/O do
 * @param memoryWindows addresses for the former, in order of preference; nothing outside is ever decoded
 * @param portWindows addresses for the latter
 * @param intx for a slot, a new source of the interrupt input its INTA# pin is wired to
 */
public record PciResources(
        IoBus memory,
        IoBus ports,
        List<AddressWindow> memoryWindows,
        List<AddressWindow> portWindows,
        IntFunction<LevelLine> intx) {
    /** Takes copies. */
    public PciResources {
        memoryWindows = List.copyOf(memoryWindows);
        portWindows = List.copyOf(portWindows);
    }

    IoBus bus(BarKind kind) {
        return kind == BarKind.IO ? ports : memory;
    }

    List<AddressWindow> windows(BarKind kind) {
        return kind == BarKind.IO ? portWindows : memoryWindows;
    }
}
