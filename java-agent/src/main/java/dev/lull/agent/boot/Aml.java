package dev.lull.agent.boot;

import java.nio.charset.StandardCharsets;

/**
 * ACPI machine language, as far as tables that only describe devices need it. Every method returns the encoding of one
 * term, to be combined by others.
 *
 * <p>Source: ACPI 6.4 §20.2 "AML Grammar Definition"; §6.4 for resource descriptors.
 */
final class Aml {
    private static final int ZERO_OP = 0x00;
    private static final int ONE_OP = 0x01;
    private static final int NAME_OP = 0x08;
    private static final int BYTE_PREFIX = 0x0a;
    private static final int WORD_PREFIX = 0x0b;
    private static final int DWORD_PREFIX = 0x0c;
    private static final int QWORD_PREFIX = 0x0e;
    private static final int STRING_PREFIX = 0x0d;
    private static final int SCOPE_OP = 0x10;
    private static final int BUFFER_OP = 0x11;
    private static final int PACKAGE_OP = 0x12;
    private static final int EXT_OP_PREFIX = 0x5b;
    private static final int DEVICE_OP = 0x82;

    private static final int NAME_SEGMENT_LENGTH = 4;
    private static final byte[] DEVICE_OPCODE = {EXT_OP_PREFIX, (byte) DEVICE_OP};
    /** §6.4.2.8 and its checksum, which 0 leaves unchecked. */
    private static final byte[] END_TAG = {0x79, 0};

    private Aml() {}

    /** {@code Scope (path) { terms }}. */
    static byte[] scope(String path, byte[]... terms) {
        return block(new byte[] {SCOPE_OP}, concat(nameString(path), concat(terms)));
    }

    /** {@code Device (name) { terms }}. */
    static byte[] device(String name, byte[]... terms) {
        return block(DEVICE_OPCODE, concat(nameString(name), concat(terms)));
    }

    /** {@code Name (name, value)}. */
    static byte[] name(String name, byte[] value) {
        return concat(new byte[] {NAME_OP}, nameString(name), value);
    }

    /** {@code Package () { elements }}, of at most 255. */
    static byte[] packageOf(byte[]... elements) {
        return block(new byte[] {PACKAGE_OP}, concat(new byte[] {(byte) elements.length}, concat(elements)));
    }

    /** An integer constant in its shortest form. */
    static byte[] integer(long value) {
        if (value == 0) {
            return new byte[] {ZERO_OP};
        }
        if (value == 1) {
            return new byte[] {ONE_OP};
        }
        if (value >>> 8 == 0) {
            return number(BYTE_PREFIX, value, Byte.BYTES);
        }
        if (value >>> 16 == 0) {
            return number(WORD_PREFIX, value, Short.BYTES);
        }
        return value >>> 32 == 0 ? number(DWORD_PREFIX, value, Integer.BYTES) : number(QWORD_PREFIX, value, Long.BYTES);
    }

    /** A string constant of ASCII characters. */
    static byte[] string(String value) {
        return concat(new byte[] {STRING_PREFIX}, value.getBytes(StandardCharsets.US_ASCII), new byte[1]);
    }

    /**
     * {@code EisaId (id)}: three letters and four hexadecimal digits in 32 bits, stored with the high byte first.
     */
    static byte[] eisaId(String id) {
        int letters = (id.charAt(0) - '@') << 10 | (id.charAt(1) - '@') << 5 | id.charAt(2) - '@';
        int value = letters << 16 | Integer.parseInt(id, 3, 7, 16);
        return number(DWORD_PREFIX, Integer.toUnsignedLong(Integer.reverseBytes(value)), Integer.BYTES);
    }

    /** {@code ResourceTemplate () { descriptors }}: a buffer of descriptors and the end tag. */
    static byte[] resourceTemplate(byte[]... descriptors) {
        byte[] body = concat(concat(descriptors), END_TAG);
        return block(new byte[] {BUFFER_OP}, concat(integer(body.length), body));
    }

    /** {@code IO (Decode16, port, port, 1, count)}: I/O ports at a fixed place (§6.4.2.5). */
    static byte[] ioPorts(int port, int count) {
        return new byte[] {0x47, 1, (byte) port, (byte) (port >> 8), (byte) port, (byte) (port >> 8), 1, (byte) count};
    }

    /** {@code Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { gsi }} (§6.4.3.6). */
    static byte[] edgeInterrupt(int gsi) {
        return new byte[] {
            (byte) 0x89, 6, 0, 0x03, 1, (byte) gsi, (byte) (gsi >> 8), (byte) (gsi >> 16), (byte) (gsi >> 24)
        };
    }

    /** The terms one behind the other. */
    static byte[] concat(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        byte[] whole = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, whole, at, part.length);
            at += part.length;
        }
        return whole;
    }

    private static byte[] block(byte[] opcode, byte[] body) {
        return concat(opcode, packageLength(body.length), body);
    }

    /** {@code PkgLength} (§20.2.4): counts itself; one byte up to 63, else 4 bits and one to three bytes. */
    private static byte[] packageLength(int bodyLength) {
        if (bodyLength + 1 < 1 << 6) {
            return new byte[] {(byte) (bodyLength + 1)};
        }
        int bytes = bodyLength + 2 < 1 << 12 ? 2 : bodyLength + 3 < 1 << 20 ? 3 : 4;
        int length = bodyLength + bytes;
        byte[] encoded = new byte[bytes];
        encoded[0] = (byte) (((bytes - 1) << 6) | (length & 0xf));
        for (int i = 1; i < bytes; i++) {
            encoded[i] = (byte) (length >> (8 * i - 4));
        }
        return encoded;
    }

    /** A name of one segment, from the root where it starts with a backslash, padded to four characters. */
    private static byte[] nameString(String name) {
        int start = name.startsWith("\\") ? 1 : 0;
        byte[] encoded = new byte[start + NAME_SEGMENT_LENGTH];
        for (int i = 0; i < encoded.length; i++) {
            encoded[i] = (byte) (i < name.length() ? name.charAt(i) : '_');
        }
        return encoded;
    }

    private static byte[] number(int prefix, long value, int bytes) {
        byte[] encoded = new byte[1 + bytes];
        encoded[0] = (byte) prefix;
        for (int i = 0; i < bytes; i++) {
            encoded[1 + i] = (byte) (value >> (8 * i));
        }
        return encoded;
    }
}
