package dev.lull.device.virtio;

import dev.lull.device.bus.IoRegion;

/** Device-specific configuration (virtio 1.2 §4.1.4.6), where a device's own mistake breaks that device, too. */
final class VirtioPciDeviceConfig implements IoRegion {
    private static final int WORD_BYTES = 4;

    private final VirtioDevice device;
    private final VirtioRunner runner;

    VirtioPciDeviceConfig(VirtioDevice device, VirtioRunner runner) {
        this.device = device;
        this.runner = runner;
    }

    @Override
    public long read(long offset, int sizeBytes) {
        try {
            return switch (sizeBytes) {
                case 1, 2, WORD_BYTES -> device.readConfig((int) offset, sizeBytes);
                case 2 * WORD_BYTES ->
                    (device.readConfig((int) offset, WORD_BYTES) & 0xFFFF_FFFFL)
                            | (device.readConfig((int) offset + WORD_BYTES, WORD_BYTES) << 32);
                default -> 0;
            };
        } catch (RuntimeException e) {
            runner.breakDevice(e);
            return 0;
        }
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        try {
            switch (sizeBytes) {
                case 1, 2, WORD_BYTES -> device.writeConfig((int) offset, sizeBytes, value);
                case 2 * WORD_BYTES -> {
                    device.writeConfig((int) offset, WORD_BYTES, value & 0xFFFF_FFFFL);
                    device.writeConfig((int) offset + WORD_BYTES, WORD_BYTES, value >>> 32);
                }
                default -> {
                    // No driver makes such an access (virtio 1.2 §4.1.3.1).
                }
            }
        } catch (RuntimeException e) {
            runner.breakDevice(e);
        }
    }
}
