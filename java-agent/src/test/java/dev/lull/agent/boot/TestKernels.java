package dev.lull.agent.boot;

import com.github.luben.zstd.ZstdCompressCtx;
import dev.lull.device.memory.GuestMemory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4Factory;
import org.tukaani.xz.FilterOptions;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.X86Options;
import org.tukaani.xz.XZ;
import org.tukaani.xz.XZOutputStream;

/** Small images with everything a kernel's have, for tests to damage. */
final class TestKernels {
    static final int MIB = 1 << 20;
    static final long TEXT_GPA = 0x20_0000;
    static final long ENTRY_GPA = TEXT_GPA + 0x10;
    static final long DATA_GPA = 0x20_1000;
    /** First address behind the data segment's BSS. */
    static final long END_GPA = 0x20_3000;

    static final int TEXT_BYTES = 300;
    static final int DATA_BYTES = 200;
    static final int PROGRAM_HEADER = 64;
    static final int PROGRAM_HEADER_BYTES = 56;
    static final int TEXT_OFFSET = 0x100;
    static final int DATA_OFFSET = TEXT_OFFSET + TEXT_BYTES;

    static final int SETUP_SECTORS = 1;
    static final int PROTECTED_MODE_OFFSET = (SETUP_SECTORS + 1) * 512;
    static final int PAYLOAD_OFFSET = 0x20;
    static final int PAYLOAD = PROTECTED_MODE_OFFSET + PAYLOAD_OFFSET;

    static final Platform PLATFORM = new Platform(2, 0x604, 0x605, 0x606, 1, false, List.of(AcpiDevices.com1()), null);

    private TestKernels() {}

    /** Guest memory from 0 on. */
    static GuestMemory memory(int bytes) {
        return new GuestMemory(List.of(new GuestMemory.Region(0, MemorySegment.ofArray(new byte[bytes]))));
    }

    static ImageBytes bytes(byte[] image) {
        return new MemoryBytes("kernel test", MemorySegment.ofArray(image));
    }

    static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A vmlinux: a note, text at 2 MiB, and data with BSS. Byte i of text is i, of data 255 - i. */
    static byte[] vmlinux() {
        byte[] file = new byte[DATA_OFFSET + DATA_BYTES];
        ByteBuffer elf = littleEndian(file);
        elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
        elf.putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1);
        elf.putLong(24, ENTRY_GPA).putLong(32, PROGRAM_HEADER);
        elf.putShort(52, (short) 64).putShort(54, (short) PROGRAM_HEADER_BYTES).putShort(56, (short) 3);
        programHeader(elf, 0, 4, 0x40, 0, 16, 16);
        programHeader(elf, 1, 1, TEXT_OFFSET, TEXT_GPA, TEXT_BYTES, TEXT_BYTES);
        programHeader(elf, 2, 1, DATA_OFFSET, DATA_GPA, DATA_BYTES, END_GPA - DATA_GPA);
        for (int i = 0; i < TEXT_BYTES; i++) {
            elf.put(TEXT_OFFSET + i, (byte) i);
        }
        for (int i = 0; i < DATA_BYTES; i++) {
            elf.put(DATA_OFFSET + i, (byte) ~i);
        }
        return file;
    }

    private static void programHeader(
            ByteBuffer elf, int index, int type, int offset, long gpa, long fileBytes, long memoryBytes) {
        int at = PROGRAM_HEADER + index * PROGRAM_HEADER_BYTES;
        elf.putInt(at, type).putLong(at + 8, offset).putLong(at + 24, gpa);
        elf.putLong(at + 32, fileBytes).putLong(at + 40, memoryBytes);
    }

    /** A bzImage with this vmlinux inside. */
    static byte[] bzImage(Compression compression, byte[] vmlinux) {
        byte[] payload = pack(compression, vmlinux);
        byte[] file = new byte[PAYLOAD + payload.length + 32];
        ByteBuffer image = littleEndian(file);
        image.put(new byte[] {'M', 'Z'});
        image.put(SetupHeader.SETUP_SECTS, (byte) SETUP_SECTORS);
        image.putShort(SetupHeader.BOOT_FLAG, (short) 0xaa55);
        image.put(0x200, (byte) 0xeb).put(SetupHeader.HEADER_LENGTH, (byte) 0x6a);
        image.putInt(SetupHeader.MAGIC, 0x53726448).putShort(SetupHeader.VERSION, (short) 0x20f);
        image.put(SetupHeader.LOADFLAGS, (byte) 1);
        image.putInt(SetupHeader.INITRD_ADDR_MAX, 0x7fffffff).putInt(SetupHeader.CMDLINE_SIZE, 2047);
        image.putShort(SetupHeader.XLOADFLAGS, (short) 0x3f);
        image.putInt(SetupHeader.PAYLOAD_OFFSET, PAYLOAD_OFFSET).putInt(SetupHeader.PAYLOAD_LENGTH, payload.length);
        image.putLong(SetupHeader.SETUP_DATA, 0xdead);
        image.put(PAYLOAD, payload);
        return file;
    }

    /** Packed as the kernel's build does: the unpacked length behind, where it is not gzip's own trailer. */
    static byte[] pack(Compression compression, byte[] content) {
        byte[] packed = switch (compression) {
            case GZIP -> gzip(content);
            case XZ -> xz(content);
            case LZ4 -> lz4(content);
            case ZSTD -> zstd(content);
            default -> magicOf(compression);
        };
        if (compression == Compression.GZIP) {
            return packed;
        }
        byte[] payload = Arrays.copyOf(packed, packed.length + 4);
        littleEndian(payload).putInt(packed.length, content.length);
        return payload;
    }

    private static byte[] gzip(byte[] content) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream stream = new GZIPOutputStream(packed)) {
            stream.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }

    private static byte[] xz(byte[] content) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try {
            LZMA2Options lzma = new LZMA2Options();
            lzma.setDictSize(64 << 10);
            FilterOptions[] filters = {new X86Options(), lzma};
            try (OutputStream stream = new XZOutputStream(packed, filters, XZ.CHECK_CRC32)) {
                stream.write(content);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }

    private static byte[] zstd(byte[] content) {
        try (ZstdCompressCtx context = new ZstdCompressCtx()) {
            return context.setLevel(19).setChecksum(true).compress(content);
        }
    }

    /** Two blocks behind the legacy magic. */
    private static byte[] lz4(byte[] content) {
        int half = content.length / 2;
        byte[] first = LZ4Factory.safeInstance().fastCompressor().compress(content, 0, half);
        byte[] second = LZ4Factory.safeInstance().fastCompressor().compress(content, half, content.length - half);
        byte[] packed = new byte[12 + first.length + second.length];
        littleEndian(packed)
                .putInt(0x184c2102)
                .putInt(first.length)
                .put(first)
                .putInt(second.length)
                .put(second);
        return packed;
    }

    private static byte[] magicOf(Compression compression) {
        String magic = switch (compression) {
            case BZIP2 -> "BZh91AY";
            case LZMA -> "]\0\0\200";
            default -> "\211LZO\0\r\n";
        };
        byte[] packed = new byte[64];
        for (int i = 0; i < magic.length(); i++) {
            packed[i] = (byte) magic.charAt(i);
        }
        return packed;
    }
}
