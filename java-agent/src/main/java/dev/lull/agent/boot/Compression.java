package dev.lull.agent.boot;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * How a bzImage's payload is packed, by its magic.
 *
 * <p>Source: {@code lib/decompress.c} and {@code scripts/Makefile.lib} of the kernel, which list what a kernel may be
 * packed with.
 */
enum Compression {
    GZIP("gzip", true, "\37\213"),
    XZ("xz", true, "\3757zXZ\0"),
    /** The frame of {@code lz4 -l}: bare blocks of at most 8 MiB, each behind its length. */
    LZ4("lz4", true, "\2!L\30"),
    ZSTD("zstd", true, "(\265/\375"),
    BZIP2("bzip2", false, "BZh"),
    LZMA("lzma", false, "]\0\0"),
    LZO("lzo", false, "\211LZO");

    /** What a user does about a kernel packed otherwise. */
    static final String REMEDY = "give its vmlinux, or a kernel packed with gzip, xz, lz4 or zstd";

    private static final Compression[] ALL = values();

    private final String label;
    private final boolean supported;
    /** The bytes a packed file starts with, one in each character. */
    private final String magic;

    Compression(String label, boolean supported, String magic) {
        this.label = label;
        this.supported = supported;
        this.magic = magic;
    }

    /** The compression whose magic {@code data} starts with, or null. */
    static @Nullable Compression detect(ByteBuffer data) {
        for (Compression compression : ALL) {
            if (compression.matches(data)) {
                return compression;
            }
        }
        return null;
    }

    private boolean matches(ByteBuffer data) {
        if (data.limit() < magic.length()) {
            return false;
        }
        for (int i = 0; i < magic.length(); i++) {
            if ((data.get(i) & 0xff) != magic.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Its name as kernel configurations spell it. */
    String label() {
        return label;
    }

    /** Whether Lull unpacks it. */
    boolean isSupported() {
        return supported;
    }
}
