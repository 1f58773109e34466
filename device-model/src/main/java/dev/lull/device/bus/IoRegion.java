package dev.lull.device.bus;

/**
 * What a device shows on a bus. Called on vCPU threads: it never blocks, and never allocates.
 *
 * <p>Offsets are within the range the region was given on its {@link IoBus}, so a device needs no check of them; an
 * access that begins inside may end outside when the guest makes it so.
 */
public interface IoRegion {
    /**
     * A guest's read.
     *
     * @param offset from the region's start, in bytes
     * @param sizeBytes 1–8
     * @return the value, little-endian; bits above the width are ignored
     */
    long read(long offset, int sizeBytes);

    /**
     * A guest's write.
     *
     * @param offset from the region's start, in bytes
     * @param sizeBytes 1–8
     * @param value little-endian, zero-extended
     */
    void write(long offset, int sizeBytes, long value);
}
