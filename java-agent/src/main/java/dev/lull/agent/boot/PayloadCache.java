package dev.lull.agent.boot;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Unpacked kernels, by the SHA-256 of their bzImage, in a directory that any number of processes share.
 *
 * <p>A bzImage is read and hashed once. After that its {@linkplain FileIdentity identity} leads straight to its entry, and
 * of an unchanged file no more than its headers are read. An entry is complete or absent: it is written under another
 * name and renamed. It is trusted when it has the length the bzImage declares and a vmlinux's headers, else made anew.
 *
 * <p>A cache that cannot be written costs time, never the boot: one warning line, and the kernel is loaded from memory.
 */
public final class PayloadCache {
    /**
     * How long ago a file must have changed for its identity to be remembered. A change within one tick of the file
     * system's clock after the last leaves ctime as it was; FAT's tick, the coarsest, is 2 s.
     */
    private static final long SETTLED_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final PayloadStore store;
    private final Consumer<String> warnings;
    private final InstantSource clock;

    /**
     * @param directory where entries are kept; made when the first is written
     * @param warnings takes one line when an entry cannot be written
     */
    public PayloadCache(Path directory, Consumer<String> warnings) {
        this(new PayloadStore(directory), warnings, InstantSource.system());
    }

    PayloadCache(PayloadStore store, Consumer<String> warnings, InstantSource clock) {
        this.store = store;
        this.warnings = warnings;
        this.clock = clock;
    }

    /**
     * The directory Lull uses unless told otherwise: {@code ${LULL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lull}/payloads}.
     *
     * @param environment the process's environment
     */
    public static Path defaultDirectory(Map<String, String> environment) {
        String own = environment.get("LULL_CACHE");
        if (own != null && !own.isEmpty()) {
            return Path.of(own, "payloads");
        }
        String caches = environment.get("XDG_CACHE_HOME");
        // The XDG base directory specification has relative paths ignored.
        if (caches != null && caches.startsWith("/")) {
            return Path.of(caches, "lull", "payloads");
        }
        String home = environment.get("HOME");
        return Path.of(
                home == null || home.isEmpty() ? System.getProperty("user.home", "/") : home,
                ".cache",
                "lull",
                "payloads");
    }

    /**
     * The vmlinux in a bzImage, from the cache where possible.
     *
     * @param file the bzImage
     * @param image its headers
     * @param limitBytes the most that is of use, the guest's memory
     * @return the vmlinux, to be closed
     * @throws KernelException when the payload is damaged, or unpacks to more than {@code limitBytes}
     */
    ElfImage open(FileBytes file, BzImage image, long limitBytes) {
        ElfImage known = entry(store.byIdentity(file.identity()), image);
        if (known != null) {
            return known;
        }
        try {
            return openByContent(file, limitBytes);
        } catch (OutOfMemoryError e) {
            // The file and, of xz, the dictionary take Java heap, which the launcher keeps small.
            throw new KernelException(
                    file.name() + ": unpacking its " + image.compression().label()
                            + " payload takes more than the Java heap of "
                            + ByteSizes.text(Runtime.getRuntime().maxMemory())
                            + "; give its vmlinux, or more heap (-Xmx)",
                    e);
        }
    }

    private ElfImage openByContent(FileBytes file, long limitBytes) {
        boolean settled = isSettled(file.identity());
        byte[] content = readAll(file);
        MemoryBytes stable = new MemoryBytes(file.name(), MemorySegment.ofArray(content));
        if (!(KernelImage.parse(stable) instanceof BzImage image)) {
            throw new KernelException(file.name() + ": changed while it was read; try again");
        }
        String hash = sha256(content);
        ElfImage elf = entry(store.byHash(hash), image);
        boolean stored = elf != null;
        if (elf == null) {
            MemoryBytes unpacked = PayloadUnpacker.unpack(image, content, limitBytes);
            try {
                ElfImage.parse(unpacked);
                ElfImage.shorten(unpacked.segment());
                elf = ElfImage.parse(unpacked);
            } catch (KernelException e) {
                unpacked.close();
                throw e;
            }
            stored = store(hash, unpacked);
        }
        if (stored && settled && file.isUnchanged()) {
            store.remember(file.identity(), hash);
        }
        return elf;
    }

    private boolean store(String hash, MemoryBytes unpacked) {
        try {
            store.put(hash, unpacked.segment());
            return true;
        } catch (IOException e) {
            warnings.accept("cannot keep the unpacked kernel in " + store.directory() + " (" + FileBytes.reason(e)
                    + "): every start will unpack it again; free or permit some space there, or name another directory in"
                    + " LULL_CACHE");
            return false;
        }
    }

    /** The entry at {@code path} if it is there and is what {@code image} unpacks to, as far as length and headers tell. */
    private static @Nullable ElfImage entry(Path path, BzImage image) {
        FileBytes bytes = FileBytes.openIfPresent(image.name(), path);
        if (bytes == null) {
            return null;
        }
        if (bytes.sizeBytes() == image.unpackedBytes()) {
            try {
                return ElfImage.parse(bytes);
            } catch (KernelException damaged) {
                // Made anew, and replaced, by the caller.
            }
        }
        bytes.close();
        return null;
    }

    private boolean isSettled(FileIdentity identity) {
        long nowNanos = TimeUnit.MILLISECONDS.toNanos(clock.millis());
        return nowNanos - identity.ctimeNanos() > SETTLED_NANOS;
    }

    private static byte[] readAll(FileBytes file) {
        if (file.sizeBytes() > BzImage.MAX_BYTES) {
            throw new KernelException(file.name() + ": is " + ByteSizes.text(file.sizeBytes())
                    + " long, which no bzImage is; " + KernelImage.REMEDY);
        }
        byte[] content = new byte[(int) file.sizeBytes()];
        file.read(0, ByteBuffer.wrap(content));
        return content;
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
