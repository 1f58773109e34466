package dev.lull.device.pci;

/**
 * Who a function says it is (PCI 3.0 §6.2.1). Each value is as wide as its register.
 *
 * @param classCode class, subclass and programming interface, 24 bits
 */
public record PciIdentity(
        int vendorId, int deviceId, int classCode, int revisionId, int subsystemVendorId, int subsystemId) {
    void writeTo(ConfigSpace config) {
        config.set(PciHeader.VENDOR_ID, 2, vendorId);
        config.set(PciHeader.DEVICE_ID, 2, deviceId);
        config.set(PciHeader.REVISION_ID, 1, revisionId);
        config.set(PciHeader.CLASS_CODE, 3, classCode);
        config.set(PciHeader.SUBSYSTEM_VENDOR_ID, 2, subsystemVendorId);
        config.set(PciHeader.SUBSYSTEM_ID, 2, subsystemId);
    }
}
