package dev.lull.device.virtio;

import dev.lull.device.pci.ConfigRegisters;
import dev.lull.device.pci.ConfigSpace;

/**
 * The data field of the capability VIRTIO_PCI_CAP_PCI_CFG (virtio 1.2 §4.1.4.9): an access to it is one to the structures
 * in the base address register, for whoever has not mapped that.
 */
final class VirtioPciAccess implements ConfigRegisters {
    private final ConfigSpace config;
    private final int capability;
    private final VirtioPciBar bar;

    VirtioPciAccess(ConfigSpace config, int capability, VirtioPciBar bar) {
        this.config = config;
        this.capability = capability;
        this.bar = bar;
    }

    @Override
    public long read(int offset, int sizeBytes) {
        return isValid() ? bar.read(target(), length()) >>> (Byte.SIZE * offset) : 0;
    }

    @Override
    public void write(int offset, int sizeBytes, long value) {
        if (isValid() && offset == 0 && sizeBytes >= length()) {
            bar.write(target(), length(), value & (-1L >>> (Long.SIZE - Byte.SIZE * length())));
        }
    }

    private boolean isValid() {
        long length = config.get(capability + VirtioPciLayout.CAPABILITY_SIZE, 4);
        boolean isWidth = length == 1 || length == 2 || length == 4;
        return config.get(capability + VirtioPciLayout.CAPABILITY_BAR, 1) == VirtioPciLayout.BAR
                && isWidth
                && target() % length == 0
                && target() < VirtioPciBar.LENGTH_BYTES;
    }

    private long target() {
        return config.get(capability + VirtioPciLayout.CAPABILITY_OFFSET, 4);
    }

    private int length() {
        return (int) config.get(capability + VirtioPciLayout.CAPABILITY_SIZE, 4);
    }
}
