package dev.lull.agent.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Resource descriptors of ACPI, for a device's {@code _CRS}.
 *
 * <p>Source: ACPI 6.4 §6.4 "Resource Data Types for ACPI".
 */
final class AmlResource {
    /** §6.4.2.8 and its checksum, which 0 leaves unchecked. */
    private static final byte[] END_TAG = {0x79, 0};

    private static final int FIXED_IO = 0x47;
    private static final int FIXED_MEMORY_32 = 0x86;
    private static final int DWORD_SPACE = 0x87;
    private static final int WORD_SPACE = 0x88;
    private static final int EXTENDED_INTERRUPT = 0x89;
    private static final int QWORD_SPACE = 0x8a;

    private static final int MEMORY_RANGE = 0;
    private static final int BUS_NUMBER_RANGE = 2;
    /** A range that is handed on to what is behind the device, at a fixed place (§6.4.3.5, "general flags"). */
    private static final int PRODUCER_FIXED = 1 << 3 | 1 << 2;

    private static final int READ_WRITE = 1;
    private static final int CONSUMER = 1;
    private static final int EDGE = 1 << 1;

    private AmlResource() {}

    /** {@code ResourceTemplate () { descriptors }}: a buffer of descriptors and the end tag. */
    static byte[] template(byte[]... descriptors) {
        return Aml.buffer(Aml.concat(Aml.concat(descriptors), END_TAG));
    }

    /** {@code IO (Decode16, port, port, 1, count)}: I/O ports at a fixed place (§6.4.2.5). */
    static byte[] ioPorts(int port, int count) {
        return descriptor(8)
                .put((byte) FIXED_IO)
                .put((byte) 1)
                .putShort((short) port)
                .putShort((short) port)
                .put((byte) 1)
                .put((byte) count)
                .array();
    }

    /** {@code Memory32Fixed (ReadWrite, gpa, lengthBytes)} (§6.4.3.4). */
    static byte[] fixedMemory(long gpa, long lengthBytes) {
        return large(FIXED_MEMORY_32, 9)
                .put((byte) READ_WRITE)
                .putInt((int) gpa)
                .putInt((int) lengthBytes)
                .array();
    }

    /** {@code Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { gsi }} (§6.4.3.6). */
    static byte[] edgeInterrupt(int gsi) {
        return interrupt(CONSUMER | EDGE, gsi);
    }

    /** {@code Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive) { gsi }} (§6.4.3.6). */
    static byte[] levelInterrupt(int gsi) {
        return interrupt(CONSUMER, gsi);
    }

    /** {@code WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, …)} (§6.4.3.5.3). */
    static byte[] busNumbers(int first, int count) {
        return large(WORD_SPACE, 13)
                .put((byte) BUS_NUMBER_RANGE)
                .put((byte) PRODUCER_FIXED)
                .put((byte) 0)
                .putShort((short) 0)
                .putShort((short) first)
                .putShort((short) (first + count - 1))
                .putShort((short) 0)
                .putShort((short) count)
                .array();
    }

    /** {@code DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite, …)} (§6.4.3.5.2). */
    static byte[] memoryWindow32(long gpa, long lengthBytes) {
        return large(DWORD_SPACE, 23)
                .put((byte) MEMORY_RANGE)
                .put((byte) PRODUCER_FIXED)
                .put((byte) READ_WRITE)
                .putInt(0)
                .putInt((int) gpa)
                .putInt((int) (gpa + lengthBytes - 1))
                .putInt(0)
                .putInt((int) lengthBytes)
                .array();
    }

    /** As {@link #memoryWindow32}, anywhere: {@code QWordMemory} (§6.4.3.5.1). */
    static byte[] memoryWindow64(long gpa, long lengthBytes) {
        return large(QWORD_SPACE, 43)
                .put((byte) MEMORY_RANGE)
                .put((byte) PRODUCER_FIXED)
                .put((byte) READ_WRITE)
                .putLong(0)
                .putLong(gpa)
                .putLong(gpa + lengthBytes - 1)
                .putLong(0)
                .putLong(lengthBytes)
                .array();
    }

    private static byte[] interrupt(int flags, int gsi) {
        return large(EXTENDED_INTERRUPT, 6)
                .put((byte) flags)
                .put((byte) 1)
                .putInt(gsi)
                .array();
    }

    private static ByteBuffer large(int type, int lengthBytes) {
        return descriptor(3 + lengthBytes).put((byte) type).putShort((short) lengthBytes);
    }

    private static ByteBuffer descriptor(int lengthBytes) {
        return ByteBuffer.allocate(lengthBytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
