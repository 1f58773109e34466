package dev.lull.device.pci;

import dev.lull.device.bus.IoRegion;

/** The vector table as a guest sees it. What is not an aligned access of 4 or 8 bytes is undefined (PCI 3.0 §6.8.2): it is lost. */
final class MsixTable implements IoRegion {
    private static final int DWORD_BYTES = 4;
    private static final int DWORDS = Msix.ENTRY_BYTES / DWORD_BYTES;

    private final MsixVector[] vectors;

    MsixTable(MsixVector[] vectors) {
        this.vectors = vectors;
    }

    @Override
    public long read(long offset, int sizeBytes) {
        if (!isDefined(offset, sizeBytes)) {
            return 0;
        }
        long value = readDword((int) offset / DWORD_BYTES);
        return sizeBytes == DWORD_BYTES ? value : value | readDword((int) offset / DWORD_BYTES + 1) << 32;
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        if (isDefined(offset, sizeBytes)) {
            writeDword((int) offset / DWORD_BYTES, (int) value);
            if (sizeBytes > DWORD_BYTES) {
                writeDword((int) offset / DWORD_BYTES + 1, (int) (value >>> 32));
            }
        }
    }

    private boolean isDefined(long offset, int sizeBytes) {
        boolean aligned = (sizeBytes == DWORD_BYTES || sizeBytes == 2 * DWORD_BYTES) && offset % sizeBytes == 0;
        return aligned && offset < (long) vectors.length * Msix.ENTRY_BYTES;
    }

    private long readDword(int dword) {
        return vectors[dword / DWORDS].read(dword % DWORDS) & 0xFFFF_FFFFL;
    }

    private void writeDword(int dword, int value) {
        vectors[dword / DWORDS].write(dword % DWORDS, value);
    }
}
