package dev.lull.agent.boot;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;

/**
 * The files of a {@link PayloadCache}: {@code SHA256.vmlinux} holds an unpacked kernel, and {@code IDENTITY.link} is a
 * symbolic link to the one that a kernel file of that identity unpacks to, so that finding it is one {@code open(2)}.
 *
 * <p>Whatever appears under such a name was renamed to it when complete. Anything may vanish at any time: by another
 * process that keeps the cache small, or by the user.
 */
final class PayloadStore {
    /** A machine boots few kernels; each entry is some 50 MB. */
    static final int MAX_ENTRIES = 16;
    /** Links cost an inode each; one entry has as many as copies of its bzImage were booted. */
    static final int MAX_LINKS = 64;

    private static final String ENTRY_SUFFIX = ".vmlinux";
    private static final String LINK_SUFFIX = ".link";
    private static final String TEMPORARY_SUFFIX = ".tmp";
    /** What a process that died has left behind after this long; none takes nearly as long to write a kernel. */
    private static final long ABANDONED_MILLIS = 3_600_000;

    private static final int RADIX = 36;

    /** Writes an entry's bytes; tests have it fail as disks do. */
    static class EntryWriter {
        void write(FileChannel channel, ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }
    }

    private final Path directory;
    private final EntryWriter writer;

    PayloadStore(Path directory) {
        this(directory, new EntryWriter());
    }

    PayloadStore(Path directory, EntryWriter writer) {
        this.directory = directory;
        this.writer = writer;
    }

    /** Where the files are. */
    Path directory() {
        return directory;
    }

    /** Where the entry with this hash is, if it is. */
    Path byHash(String hash) {
        return directory.resolve(hash.concat(ENTRY_SUFFIX));
    }

    /** What leads to the entry for a kernel file of this identity, if anything does. */
    Path byIdentity(FileIdentity identity) {
        long[] parts = {
            identity.device(), identity.inode(), identity.sizeBytes(), identity.mtimeNanos(), identity.ctimeNanos()
        };
        StringBuilder name = new StringBuilder();
        for (long part : parts) {
            name.append(Long.toString(part, RADIX)).append('_');
        }
        name.setLength(name.length() - 1);
        return directory.resolve(name.append(LINK_SUFFIX).toString());
    }

    /**
     * Makes an entry, or makes it anew, and keeps the cache small.
     *
     * @throws IOException when it cannot be written; nothing is left of it then
     */
    void put(String hash, MemorySegment content) throws IOException {
        Files.createDirectories(directory);
        Path temporary = Files.createTempFile(directory, "unpacking-", TEMPORARY_SUFFIX);
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                writer.write(channel, content.asByteBuffer());
            }
            Files.move(temporary, byHash(hash), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
        evict();
    }

    /** Has this identity lead to the entry with this hash. A file system without symbolic links goes without. */
    void remember(FileIdentity identity, String hash) {
        Path entry = byHash(hash);
        Path temporary = directory.resolve(
                "linking-" + ProcessHandle.current().pid() + "-" + System.nanoTime() + TEMPORARY_SUFFIX);
        try {
            // What is booted is what is kept.
            Files.setLastModifiedTime(entry, FileTime.fromMillis(System.currentTimeMillis()));
            Files.createSymbolicLink(temporary, entry.getFileName());
            Files.move(temporary, byIdentity(identity), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | UnsupportedOperationException e) {
            delete(temporary);
        }
    }

    private void evict() {
        List<Aged> entries = new ArrayList<>();
        List<Aged> links = new ArrayList<>();
        long now = System.currentTimeMillis();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                long age = now - modifiedMillis(file);
                if (name.endsWith(ENTRY_SUFFIX)) {
                    entries.add(new Aged(file, age));
                } else if (name.endsWith(LINK_SUFFIX)) {
                    links.add(new Aged(file, Files.exists(file) ? age : Long.MAX_VALUE));
                } else if (name.endsWith(TEMPORARY_SUFFIX) && age > ABANDONED_MILLIS) {
                    delete(file);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Whoever writes the next entry tries again.
            return;
        }
        deleteOldest(entries, MAX_ENTRIES);
        deleteOldest(links, MAX_LINKS);
    }

    /** A file and how long ago it was made or last remembered; for ever where it leads nowhere. */
    private record Aged(Path file, long ageMillis) implements Comparable<Aged> {
        @Override
        public int compareTo(Aged other) {
            return Long.compare(ageMillis, other.ageMillis);
        }
    }

    private static void deleteOldest(List<Aged> files, int keep) {
        files.sort(null);
        for (int i = 0; i < files.size(); i++) {
            if (i >= keep || files.get(i).ageMillis() == Long.MAX_VALUE) {
                delete(files.get(i).file());
            }
        }
    }

    /** When a file was modified, or now where it has just vanished. */
    private static long modifiedMillis(Path file) {
        try {
            return Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toMillis();
        } catch (IOException e) {
            return System.currentTimeMillis();
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // It stays, costs its room, and is tried again with the next entry.
            return;
        }
    }
}
