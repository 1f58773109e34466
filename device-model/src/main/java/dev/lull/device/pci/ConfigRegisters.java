package dev.lull.device.pci;

/**
 * A range of configuration space whose bytes are not stored but answered: emulated, or passed to a device. Called under the
 * lock of its function; it neither blocks nor allocates.
 */
public interface ConfigRegisters {
    /**
     * A guest's read.
     *
     * @param offset from the start of the range
     * @param sizeBytes 1, 2 or 4, naturally aligned in configuration space
     */
    long read(int offset, int sizeBytes);

    /** A guest's write; parameters as of {@link #read}. */
    void write(int offset, int sizeBytes, long value);
}
