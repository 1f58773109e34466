package dev.lull.agent.boot;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * ACPI machine language, as far as the tables here need it. Every method returns the encoding of one term, to be combined
 * by others; {@link AmlResource} has those of resource descriptors.
 *
 * <p>Source: ACPI 6.4 §20.2 "AML Grammar Definition".
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
    private static final int METHOD_OP = 0x14;
    private static final int LOCAL_0 = 0x60;
    private static final int STORE_OP = 0x70;
    private static final int AND_OP = 0x7b;
    private static final int NOTIFY_OP = 0x86;
    private static final int IF_OP = 0xa0;
    private static final int EXT_OP_PREFIX = 0x5b;
    private static final int OP_REGION_OP = 0x80;
    private static final int FIELD_OP = 0x81;
    private static final int DEVICE_OP = 0x82;

    private static final int NULL_NAME = 0;
    private static final int DUAL_NAME_PREFIX = 0x2e;
    private static final int MULTI_NAME_PREFIX = 0x2f;
    private static final int SERIALIZED = 1 << 3;
    private static final int SYSTEM_MEMORY = 0;
    private static final int DWORD_ACCESS = 3;

    private static final int NAME_SEGMENT_LENGTH = 4;
    private static final byte[] DEVICE_OPCODE = {EXT_OP_PREFIX, (byte) DEVICE_OP};

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

    /** {@code Buffer () { bytes }}. */
    static byte[] buffer(byte[] bytes) {
        return block(new byte[] {BUFFER_OP}, concat(integer(bytes.length), bytes));
    }

    /** {@code Method (name, arguments, Serialized) { terms }}. */
    static byte[] method(String name, int arguments, byte[]... terms) {
        return block(
                new byte[] {METHOD_OP},
                concat(nameString(name), new byte[] {(byte) (arguments | SERIALIZED)}, concat(terms)));
    }

    /** {@code OperationRegion (name, SystemMemory, gpa, lengthBytes)}. */
    static byte[] memoryRegion(String name, long gpa, int lengthBytes) {
        return concat(
                new byte[] {EXT_OP_PREFIX, (byte) OP_REGION_OP},
                nameString(name),
                new byte[] {SYSTEM_MEMORY},
                integer(gpa),
                integer(lengthBytes));
    }

    /** {@code Field (region, DWordAcc, NoLock, Preserve) { each name, 32 }}. */
    static byte[] doubleWordFields(String region, String... names) {
        byte[] body = concat(nameString(region), new byte[] {DWORD_ACCESS});
        for (String name : names) {
            body = concat(body, nameString(name), new byte[] {Integer.SIZE});
        }
        return block(new byte[] {EXT_OP_PREFIX, (byte) FIELD_OP}, body);
    }

    /** {@code Store (value, target)}. */
    static byte[] store(byte[] value, byte[] target) {
        return concat(new byte[] {STORE_OP}, value, target);
    }

    /** {@code If (left & right) { terms }}. */
    static byte[] ifAnyBit(byte[] left, byte[] right, byte[]... terms) {
        byte[] and = concat(new byte[] {AND_OP}, left, right, new byte[] {NULL_NAME});
        return block(new byte[] {(byte) IF_OP}, concat(and, concat(terms)));
    }

    /** {@code Notify (object, value)}. */
    static byte[] notifyOf(String object, int value) {
        return concat(new byte[] {(byte) NOTIFY_OP}, nameString(object), integer(value));
    }

    /** {@code LocalN}, 0 to 7. */
    static byte[] local(int number) {
        return new byte[] {(byte) (LOCAL_0 + number)};
    }

    /** What {@code path} names: a field's value, or the result of a method without arguments. */
    static byte[] reference(String path) {
        return nameString(path);
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

    /** A path of segments between dots, from the root where it starts with a backslash; segments are padded to four. */
    private static byte[] nameString(String path) {
        int start = path.startsWith("\\") ? 1 : 0;
        String[] segments = path.substring(start).split("\\.", -1);
        byte[] root = start == 0 ? new byte[0] : new byte[] {'\\'};
        byte[] encoded = new byte[segments.length * NAME_SEGMENT_LENGTH];
        Arrays.fill(encoded, (byte) '_');
        for (int i = 0; i < segments.length; i++) {
            byte[] segment = segments[i].getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(segment, 0, encoded, i * NAME_SEGMENT_LENGTH, segment.length);
        }
        return concat(root, pathPrefix(segments.length), encoded);
    }

    private static byte[] pathPrefix(int segments) {
        return switch (segments) {
            case 1 -> new byte[0];
            case 2 -> new byte[] {DUAL_NAME_PREFIX};
            default -> new byte[] {MULTI_NAME_PREFIX, (byte) segments};
        };
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
