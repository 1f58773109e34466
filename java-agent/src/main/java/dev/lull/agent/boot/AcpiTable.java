package dev.lull.agent.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A system description table being written: the common header, then fields in ascending order.
 *
 * <p>Source: ACPI 6.4 §5.2.6 "System Description Table Header".
 */
final class AcpiTable {
    static final int HEADER_BYTES = 36;
    static final int OEM_ID = 10;

    private static final int CHECKSUM = 9;
    private static final long OEM_ID_VALUE = ascii("LULL  ");
    private static final long OEM_TABLE_ID_VALUE = ascii("LULLVM  ");
    private static final int CREATOR_ID_VALUE = (int) ascii("LULL");
    private static final int OEM_REVISION = 1;

    private final ByteBuffer bytes;

    /**
     * Starts a table.
     *
     * @param signature four characters
     * @param lengthBytes of the whole table
     */
    AcpiTable(String signature, int revision, int lengthBytes) {
        bytes = ByteBuffer.allocate(lengthBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt((int) ascii(signature))
                .putInt(lengthBytes)
                .put((byte) revision)
                .put((byte) 0);
        putOemId(bytes);
        bytes.putLong(OEM_TABLE_ID_VALUE)
                .putInt(OEM_REVISION)
                .putInt(CREATOR_ID_VALUE)
                .putInt(OEM_REVISION);
    }

    /** Writes the six characters that say whose table this is. */
    static void putOemId(ByteBuffer bytes) {
        bytes.putInt((int) OEM_ID_VALUE).putShort((short) (OEM_ID_VALUE >> 32));
    }

    /** Up to eight characters as the integer they are in memory. */
    static long ascii(String text) {
        long value = 0;
        for (int i = text.length() - 1; i >= 0; i--) {
            value = value << 8 | text.charAt(i);
        }
        return value;
    }

    /** The value that makes the sum of {@code count} bytes 0, where now the place for it is 0. */
    static byte checksum(ByteBuffer bytes, int count) {
        int sum = 0;
        for (int i = 0; i < count; i++) {
            sum += bytes.get(i);
        }
        return (byte) -sum;
    }

    AcpiTable u8(int value) {
        bytes.put((byte) value);
        return this;
    }

    AcpiTable u16(int value) {
        bytes.putShort((short) value);
        return this;
    }

    AcpiTable u32(int value) {
        bytes.putInt(value);
        return this;
    }

    AcpiTable u64(long value) {
        bytes.putLong(value);
        return this;
    }

    AcpiTable bytes(byte[] value) {
        bytes.put(value);
        return this;
    }

    /** Continues at {@code offset} bytes from the table's start; what is skipped is 0. */
    AcpiTable at(int offset) {
        bytes.position(offset);
        return this;
    }

    /** A generic address structure (§5.2.3.2) for one byte-wide I/O port. */
    AcpiTable ioPort(int port) {
        return u8(1).u8(Byte.SIZE).u8(0).u8(1).u64(port);
    }

    /** The finished table. */
    byte[] finish() {
        bytes.put(CHECKSUM, checksum(bytes, bytes.capacity()));
        return bytes.array();
    }
}
