package dev.lull.device.pci;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The 4096 bytes of a function's configuration space, and what a guest may do to each.
 *
 * <p>Each bit is read-only, writable, or cleared by writing 1 to it; all are read-only at first. A range may instead be
 * answered by {@link ConfigRegisters}, and a stored one may be watched. Accesses are of any alignment: only what is naturally
 * aligned is atomic, everything else is taken byte by byte. Guarded by the function's lock.
 */
public final class ConfigSpace {
    /** Bytes, as the enhanced configuration access mechanism addresses them (PCIe 5.0 §7.2.2). */
    public static final int SIZE_BYTES = 4096;

    private static final int OUTSIDE = 0xFF;
    private static final int MAX_RANGES = 127;

    /** What is special about some bytes: registers that answer for them, or, of stored ones, whom to tell of writes. */
    private record Range(
            int start,
            @Nullable ConfigRegisters registers,
            @Nullable Runnable written) {}

    private final byte[] values = new byte[SIZE_BYTES];
    private final byte[] writable = new byte[SIZE_BYTES];
    private final byte[] clearable = new byte[SIZE_BYTES];

    /** For each byte the index of its range; range 0 is nothing special. */
    private final byte[] rangeOf = new byte[SIZE_BYTES];

    private Range[] ranges = {new Range(0, null, null)};

    /** The stored bytes at {@code offset}, little-endian; no registers are asked. */
    public long get(int offset, int sizeBytes) {
        return assemble(values, offset, sizeBytes);
    }

    /** Stores bytes, whatever a guest may do to them, and tells nobody. */
    public void set(int offset, int sizeBytes, long value) {
        spread(values, offset, sizeBytes, value);
    }

    /** Lets the guest write the bits of {@code mask}, and no others of these bytes. */
    public void allowWrite(int offset, int sizeBytes, long mask) {
        spread(writable, offset, sizeBytes, mask);
    }

    /** Lets the guest clear the bits of {@code mask} by writing 1 to them, and no others of these bytes. */
    public void allowClear(int offset, int sizeBytes, long mask) {
        spread(clearable, offset, sizeBytes, mask);
    }

    /** Runs {@code action} after each write by the guest that touches one of these bytes, once a write. */
    public void onWrite(int offset, int lengthBytes, Runnable action) {
        addRange(offset, lengthBytes, null, action);
    }

    /** Has {@code registers} answer for these bytes. */
    public void answer(int offset, int lengthBytes, ConfigRegisters registers) {
        addRange(offset, lengthBytes, registers, null);
    }

    /**
     * A guest's read; bytes behind the end read as all ones.
     *
     * @param offset 0 to 4095
     * @param sizeBytes 1 to 8
     */
    public long read(int offset, int sizeBytes) {
        @Nullable ConfigRegisters registers = whole(offset, sizeBytes);
        if (registers != null) {
            return registers.read(offset - startAt(offset), sizeBytes) & mask(sizeBytes);
        }
        long value = 0;
        for (int i = 0; i < sizeBytes; i++) {
            value |= (long) readByte(offset + i) << (8 * i);
        }
        return value;
    }

    /** A guest's write; bytes behind the end are lost. Parameters as of {@link #read}. */
    public void write(int offset, int sizeBytes, long value) {
        @Nullable ConfigRegisters registers = whole(offset, sizeBytes);
        if (registers != null) {
            registers.write(offset - startAt(offset), sizeBytes, value & mask(sizeBytes));
            return;
        }
        int end = Math.min(offset + sizeBytes, SIZE_BYTES);
        for (int at = offset; at < end; at++) {
            writeByte(at, (int) (value >>> (8 * (at - offset))) & 0xFF);
        }
        tellOfWrite(offset, end);
    }

    private int readByte(int at) {
        if (at >= SIZE_BYTES) {
            return OUTSIDE;
        }
        @Nullable ConfigRegisters registers = ranges[rangeOf[at]].registers;
        return (registers == null ? values[at] : (int) registers.read(at - startAt(at), 1)) & 0xFF;
    }

    private void writeByte(int at, int octet) {
        @Nullable ConfigRegisters registers = ranges[rangeOf[at]].registers;
        if (registers == null) {
            int old = values[at];
            int kept = old & ~writable[at] & ~(octet & clearable[at]);
            values[at] = (byte) (kept | (octet & writable[at]));
        } else {
            registers.write(at - startAt(at), 1, octet);
        }
    }

    private void tellOfWrite(int start, int end) {
        int told = 0;
        for (int at = start; at < end; at++) {
            if (rangeOf[at] != told) {
                told = rangeOf[at];
                @Nullable Runnable written = ranges[told].written;
                if (written != null) {
                    written.run();
                }
            }
        }
    }

    /** The registers that answer for a whole, naturally aligned access; null if it is to be taken apart. */
    private @Nullable ConfigRegisters whole(int offset, int sizeBytes) {
        boolean aligned = sizeBytes <= 4 && Integer.bitCount(sizeBytes) == 1 && (offset & (sizeBytes - 1)) == 0;
        if (!aligned || rangeOf[offset] != rangeOf[offset + sizeBytes - 1]) {
            return null;
        }
        return ranges[rangeOf[offset]].registers;
    }

    private int startAt(int offset) {
        return ranges[rangeOf[offset]].start;
    }

    private void addRange(
            int offset, int lengthBytes, @Nullable ConfigRegisters registers, @Nullable Runnable written) {
        int index = ranges.length;
        if (index > MAX_RANGES) {
            throw new IllegalStateException("more than " + MAX_RANGES + " special ranges in a configuration space");
        }
        for (int at = offset; at < offset + lengthBytes; at++) {
            if (rangeOf[at] != 0) {
                throw new IllegalArgumentException("configuration byte 0x%x is special twice".formatted(at));
            }
        }
        ranges = Arrays.copyOf(ranges, index + 1);
        ranges[index] = new Range(offset, registers, written);
        Arrays.fill(rangeOf, offset, offset + lengthBytes, (byte) index);
    }

    private static long mask(int sizeBytes) {
        return -1L >>> (64 - 8 * sizeBytes);
    }

    private static long assemble(byte[] bytes, int offset, int sizeBytes) {
        long value = 0;
        for (int i = 0; i < sizeBytes; i++) {
            value |= (bytes[offset + i] & 0xFFL) << (8 * i);
        }
        return value;
    }

    private static void spread(byte[] bytes, int offset, int sizeBytes, long value) {
        for (int i = 0; i < sizeBytes; i++) {
            bytes[offset + i] = (byte) (value >>> (8 * i));
        }
    }
}
