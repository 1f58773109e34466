package dev.lull.device.virtio;

import dev.lull.device.pci.CapabilityChain;
import dev.lull.device.pci.ConfigSpace;
import dev.lull.device.pci.Msix;
import dev.lull.device.pci.PciFunction;
import dev.lull.device.pci.PciIdentity;

/**
 * Where a virtio device keeps its structures: one base address register, a page each, and capabilities that say so (virtio
 * 1.2 §4.1.4).
 */
final class VirtioPciLayout {
    /** The base address register, of 64 bits. */
    static final int BAR = 0;

    static final int PAGE_SHIFT = 12;
    static final int PAGE_BYTES = 1 << PAGE_SHIFT;
    static final int COMMON_PAGE = 0;
    static final int ISR_PAGE = 1;
    static final int DEVICE_PAGE = 2;
    static final int NOTIFY_PAGE = 3;
    static final int MSIX_TABLE_PAGE = 4;
    static final int MSIX_PENDING_PAGE = 5;
    static final int PAGES = 8;

    /** From one queue's doorbell to the next. */
    static final int DOORBELL_STRIDE_BYTES = 4;

    /** A doorbell is a write of 16 bits, VIRTIO_F_NOTIFICATION_DATA not being offered. */
    static final int DOORBELL_BYTES = 2;

    static final int MAX_QUEUES = PAGE_BYTES / DOORBELL_STRIDE_BYTES;
    static final int MAX_VECTORS = PAGE_BYTES / Msix.ENTRY_BYTES;

    /** {@code struct virtio_pci_common_cfg} up to the fields that come with features that are not offered. */
    static final int COMMON_BYTES = 56;

    private static final int ISR_BYTES = 1;

    private static final int VENDOR_ID = 0x1AF4;
    private static final int DEVICE_ID_BASE = 0x1040;
    private static final int REVISION_MODERN = 1;

    private static final int CAPABILITY_ID_VENDOR = 0x09;
    private static final int TYPE_COMMON = 1;
    private static final int TYPE_NOTIFY = 2;
    private static final int TYPE_ISR = 3;
    private static final int TYPE_DEVICE = 4;
    private static final int TYPE_PCI = 5;

    private static final int CAPABILITY_BYTES = 16;
    private static final int CAPABILITY_LENGTH = 2;
    private static final int CAPABILITY_TYPE = 3;
    static final int CAPABILITY_BAR = 4;
    static final int CAPABILITY_OFFSET = 8;
    static final int CAPABILITY_SIZE = 12;
    static final int CAPABILITY_DATA = 16;
    private static final int DATA_BYTES = 4;

    private VirtioPciLayout() {}

    /** Who a device of virtio type {@code type} is on PCI (virtio 1.2 §4.1.2). */
    static PciIdentity identity(int type, int pciClass) {
        int deviceId = DEVICE_ID_BASE + type;
        return new PciIdentity(VENDOR_ID, deviceId, pciClass, REVISION_MODERN, VENDOR_ID, deviceId);
    }

    /** Adds the capabilities, the one for access through configuration space over {@code bar}. */
    static void addCapabilities(PciFunction function, VirtioPciBar bar) {
        add(function, TYPE_COMMON, COMMON_PAGE, COMMON_BYTES, 0);
        int notify = add(function, TYPE_NOTIFY, NOTIFY_PAGE, PAGE_BYTES, DATA_BYTES);
        function.config().set(notify + CAPABILITY_DATA, DATA_BYTES, DOORBELL_STRIDE_BYTES);
        add(function, TYPE_ISR, ISR_PAGE, ISR_BYTES, 0);
        add(function, TYPE_DEVICE, DEVICE_PAGE, PAGE_BYTES, 0);
        addAccess(function, bar);
    }

    private static int add(PciFunction function, int type, int page, int lengthBytes, int extraBytes) {
        ConfigSpace config = function.config();
        CapabilityChain capabilities = function.capabilities();
        int at = capabilities.add(CAPABILITY_ID_VENDOR, CAPABILITY_BYTES + extraBytes);
        config.set(at + CAPABILITY_LENGTH, 1, CAPABILITY_BYTES + extraBytes);
        config.set(at + CAPABILITY_TYPE, 1, type);
        config.set(at + CAPABILITY_BAR, 1, BAR);
        config.set(at + CAPABILITY_OFFSET, 4, (long) page * PAGE_BYTES);
        config.set(at + CAPABILITY_SIZE, 4, lengthBytes);
        return at;
    }

    private static void addAccess(PciFunction function, VirtioPciBar bar) {
        ConfigSpace config = function.config();
        int at = add(function, TYPE_PCI, 0, 0, DATA_BYTES);
        config.allowWrite(at + CAPABILITY_BAR, 1, 0xFF);
        config.allowWrite(at + CAPABILITY_OFFSET, 4, -1);
        config.allowWrite(at + CAPABILITY_SIZE, 4, -1);
        config.answer(at + CAPABILITY_DATA, DATA_BYTES, new VirtioPciAccess(config, at, bar));
    }
}
