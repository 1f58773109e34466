package dev.lull.agent.machine;

import dev.lull.agent.boot.PciHost;
import dev.lull.device.memory.GuestMemory;
import dev.lull.device.pci.AddressWindow;
import java.util.ArrayList;
import java.util.List;

/**
 * Where PCI lies among guest-physical addresses.
 *
 * <pre>
 *   0xc0000000  BARs, 512 MiB: the start of the hole in RAM
 *   0xe0000000  configuration space of bus 0, 1 MiB
 *   0xe8000000  hotplug registers, and behind them the power button
 *   0xfec00000  I/O APIC, and above it local APICs, KVM's own pages
 *   behind RAM  BARs of 64 bits, 64 GiB or as far as the guest's processors can address
 * </pre>
 */
final class PciPlan {
    private static final long WINDOW_32_BYTES = 512L << 20;
    private static final long ECAM_GPA = MemoryMap.HOLE_START_GPA + WINDOW_32_BYTES;
    private static final long HOTPLUG_GPA = 0xE800_0000L;
    private static final long WINDOW_64_BYTES = 64L << 30;
    private static final long WINDOW_64_ALIGNMENT = 1L << 30;

    /** An input no device of a PC without legacy devices has, and a PC's ACPI used to. */
    private static final int HOTPLUG_GSI = 9;

    private PciPlan() {}

    /** @param addressBits of a guest-physical address, as the guest's CPUID tells it */
    static PciHost of(GuestMemory memory, int addressBits) {
        long ramEndGpa = Math.max(memory.regions().getLast().endGpa(), MemoryMap.HOLE_END_GPA);
        long window64Gpa = (ramEndGpa + WINDOW_64_ALIGNMENT - 1) & -WINDOW_64_ALIGNMENT;
        long window64Bytes = Math.clamp((1L << addressBits) - window64Gpa, 0, WINDOW_64_BYTES);
        return new PciHost(
                ECAM_GPA,
                MemoryMap.HOLE_START_GPA,
                WINDOW_32_BYTES,
                window64Gpa,
                window64Bytes,
                HOTPLUG_GPA,
                HOTPLUG_GSI);
    }

    /** The windows for BARs, the one every BAR fits first. */
    static List<AddressWindow> memoryWindows(PciHost pci) {
        List<AddressWindow> windows = new ArrayList<>();
        windows.add(new AddressWindow(pci.window32Gpa(), pci.window32Bytes()));
        if (pci.window64Bytes() > 0) {
            windows.add(new AddressWindow(pci.window64Gpa(), pci.window64Bytes()));
        }
        return windows;
    }
}
