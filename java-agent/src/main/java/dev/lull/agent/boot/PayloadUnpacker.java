package dev.lull.agent.boot;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.GZIPInputStream;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import org.tukaani.xz.SingleXZInputStream;

/**
 * Unpacks a bzImage's payload. What it takes is bounded by what the payload really unpacks to, and that by what its
 * header declared, however damaged.
 */
final class PayloadUnpacker {
    /** {@code ARCHIVE_MAGICNUMBER} and {@code LZ4_DEFAULT_UNCOMPRESSED_CHUNK_SIZE} of {@code lib/decompress_unlz4.c}. */
    private static final int LZ4_MAGIC = 0x184c2102;

    private static final int LZ4_BLOCK_BYTES = 8 << 20;

    /**
     * Memory for an xz dictionary, in KiB: {@code scripts/xz_wrap.sh} gives vmlinux 32 MiB, later 128 MiB, beside which
     * the decoder itself needs little.
     */
    private static final int XZ_LIMIT_KIB = 160 * 1024;

    private static final int CHUNK_BYTES = 64 * 1024;

    private PayloadUnpacker() {}

    /**
     * Unpacks the payload of {@code image}.
     *
     * @param file the whole bzImage that {@code image} was parsed from
     * @param limitBytes the most that is of use, the guest's memory
     * @return the unpacked vmlinux in memory of its own, to be closed
     * @throws KernelException when it unpacks to more than {@code limitBytes}, or is damaged
     */
    static MemoryBytes unpack(BzImage image, byte[] file, long limitBytes) {
        String name = image.name();
        if (image.unpackedBytes() > limitBytes) {
            throw new KernelException(name + ": unpacks to " + ByteSizes.text(image.unpackedBytes())
                    + ", the guest's memory ends at " + ByteSizes.text(limitBytes)
                    + "; give the guest more memory or a smaller kernel");
        }
        try (UnpackedBytes output = new UnpackedBytes(image.unpackedBytes(), image.payloadBytes())) {
            int offset = (int) image.payloadOffset();
            // Behind every payload but gzip's, whose own trailer it is, the kernel's build appended the unpacked
            // length.
            int packed = image.payloadBytes() - Integer.BYTES;
            switch (image.compression()) {
                case GZIP -> copy(new GZIPInputStream(input(file, offset, image.payloadBytes()), CHUNK_BYTES), output);
                case XZ -> copy(new SingleXZInputStream(input(file, offset, packed), XZ_LIMIT_KIB), output);
                case ZSTD -> copy(new ZstdInputStreamNoFinalizer(input(file, offset, packed)), output);
                case LZ4 -> unpackLz4(file, offset, packed, output);
                case BZIP2, LZMA, LZO -> throw new IOException("unsupported compression");
            }
            return output.finish(name);
        } catch (IOException | LZ4Exception e) {
            throw new KernelException(
                    name + ": its " + image.compression().label() + " payload is damaged (" + e.getMessage() + "); "
                            + KernelImage.REMEDY,
                    e);
        }
    }

    private static InputStream input(byte[] file, int offset, int length) {
        return new ByteArrayInputStream(file, offset, length);
    }

    private static void copy(InputStream stream, UnpackedBytes output) throws IOException {
        try (InputStream input = stream) {
            byte[] chunk = new byte[output.chunkBytes(CHUNK_BYTES)];
            for (int count = input.read(chunk); count >= 0; count = input.read(chunk)) {
                output.append(chunk, count);
            }
        }
    }

    private static void unpackLz4(byte[] file, int offset, int length, UnpackedBytes output) throws IOException {
        LZ4SafeDecompressor decompressor = LZ4Factory.safeInstance().safeDecompressor();
        ByteBuffer source = ByteBuffer.wrap(file, offset, length).order(ByteOrder.LITTLE_ENDIAN);
        byte[] block = new byte[output.chunkBytes(LZ4_BLOCK_BYTES)];
        while (source.remaining() >= Integer.BYTES) {
            int packed = source.getInt();
            if (packed == LZ4_MAGIC) {
                continue;
            }
            if (packed <= 0 || packed > source.remaining()) {
                throw new IOException("a block of " + Integer.toUnsignedString(packed) + " bytes");
            }
            output.append(block, decompressor.decompress(file, source.position(), packed, block, 0, block.length));
            source.position(source.position() + packed);
        }
    }
}
