package dev.lull.device.pci;

import dev.lull.device.bus.IoRegion;

/** The pending bit array as a guest sees it: read-only (PCI 3.0 §6.8.2.10). */
final class MsixPending implements IoRegion {
    private final MsixVector[] vectors;

    MsixPending(MsixVector[] vectors) {
        this.vectors = vectors;
    }

    @Override
    public long read(long offset, int sizeBytes) {
        long bits = 0;
        long first = offset * Byte.SIZE;
        int count = (int) Math.min((long) sizeBytes * Byte.SIZE, vectors.length - first);
        for (int i = 0; i < count; i++) {
            bits |= vectors[(int) first + i].isPending() ? 1L << i : 0;
        }
        return bits;
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {}
}
