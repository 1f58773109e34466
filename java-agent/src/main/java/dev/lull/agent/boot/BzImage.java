package dev.lull.agent.boot;

import java.nio.ByteBuffer;

/**
 * A bzImage: setup code, and a kernel that unpacks its payload, the compressed vmlinux, when entered. Lull unpacks it on
 * the host instead.
 *
 * @param setup the checked setup header
 * @param compression what the payload's magic says
 * @param payloadOffset first byte of the payload in the file; it lies within the file
 * @param payloadBytes the payload's length, at least {@link #MIN_PAYLOAD_BYTES}
 * @param unpackedBytes what the last 4 bytes of the payload say it unpacks to; positive, not to be trusted otherwise
 */
record BzImage(
        String name,
        SetupHeader setup,
        Compression compression,
        long payloadOffset,
        int payloadBytes,
        int unpackedBytes)
        implements KernelImage {

    /** The longest magic, and the unpacked length behind. */
    private static final int MIN_PAYLOAD_BYTES = 16;
    /** More than any kernel packs or unpacks to; keeps a damaged header from asking for absurd amounts. */
    static final long MAX_BYTES = 1L << 30;

    /**
     * Checks a bzImage's headers.
     *
     * @param head the first bytes of it, for which {@link SetupHeader#isPresent} holds
     */
    static BzImage parse(ImageBytes bytes, ByteBuffer head) {
        String name = bytes.name();
        SetupHeader setup = SetupHeader.parse(bytes, head);
        long length = setup.payloadLengthBytes();
        long offset = setup.protectedModeOffset() + setup.payloadOffset();
        if (setup.payloadOffset() == 0 || length < MIN_PAYLOAD_BYTES || length > MAX_BYTES) {
            throw new KernelException(name + ": is a damaged bzImage: no payload of " + length + " bytes can be at 0x"
                    + Long.toHexString(offset) + "; " + REMEDY);
        }
        if (offset + length > bytes.sizeBytes()) {
            throw bytes.truncated(offset + length);
        }
        ByteBuffer magic = bytes.read(offset, MIN_PAYLOAD_BYTES);
        Compression compression = Compression.detect(magic);
        if (compression == null) {
            throw new KernelException(name + ": its payload is in no known compression (starts with 0x"
                    + Long.toHexString(Integer.toUnsignedLong(Integer.reverseBytes(magic.getInt(0)))) + "); "
                    + Compression.REMEDY);
        }
        if (!compression.isSupported()) {
            throw new KernelException(
                    name + ": its payload is compressed with " + compression.label() + "; " + Compression.REMEDY);
        }
        long unpacked = Integer.toUnsignedLong(
                bytes.read(offset + length - Integer.BYTES, Integer.BYTES).getInt(0));
        if (unpacked < ElfImage.MIN_BYTES || unpacked > MAX_BYTES) {
            throw new KernelException(
                    name + ": is a damaged bzImage: its payload cannot unpack to " + unpacked + " bytes; " + REMEDY);
        }
        return new BzImage(name, setup, compression, offset, (int) length, (int) unpacked);
    }
}
