package dev.lull.device.pci;

/** The function in slot 0: it has no registers of its own, and tells the guest that there is a bus. */
final class HostBridge {
    /** Of Red Hat's for virtual machines: a generic PCI Express host bridge, which needs no driver. */
    private static final PciIdentity IDENTITY = new PciIdentity(0x1B36, 0x0008, 0x06_00_00, 0, 0, 0);

    private HostBridge() {}

    static PciFunction create() {
        return new PciFunction("host bridge", IDENTITY);
    }
}
