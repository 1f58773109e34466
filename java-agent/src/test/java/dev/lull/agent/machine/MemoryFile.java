package dev.lull.agent.machine;

import dev.lull.device.memory.GuestMemory;
import dev.lull.linux.Mapping;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A file that is to hold the memory of a paused guest, region behind region. Pages that the host has not provided are zero, and are
 * not read: that would have them provided.
 */
public final class MemoryFile {
    private static final int PAGE_BYTES = Mapping.PAGE_BYTES;
    private static final int CHUNK_PAGES = 512;
    private static final MemorySegment ZEROES = Arena.global().allocate(PAGE_BYTES);

    /** Takes a page of the memory and what the file has in its place. */
    private interface Pages {
        /** @return whether to go on */
        boolean take(long offset, MemorySegment memory, MemorySegment file);
    }

    private final GuestMemory memory;
    private final Path path;

    public MemoryFile(GuestMemory memory, Path path) {
        this.memory = memory;
        this.path = path;
    }

    /** Where they differ first, in bytes of the file; −1 for nowhere. */
    public long difference() throws IOException {
        long[] at = {-1};
        walk((offset, page, copy) -> {
            long mismatch = page.mismatch(copy);
            at[0] = mismatch < 0 ? -1 : offset + mismatch;
            return mismatch < 0;
        });
        return at[0];
    }

    /** SHA-256 of the memory. */
    public String memoryHash() throws IOException {
        return hash(true);
    }

    /** SHA-256 of the file. */
    public String fileHash() throws IOException {
        return hash(false);
    }

    private String hash(boolean ofMemory) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            walk((offset, page, copy) -> {
                digest.update((ofMemory ? page : copy).asByteBuffer());
                return true;
            });
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private void walk(Pages pages) throws IOException {
        try (FileChannel channel = FileChannel.open(path);
                Arena arena = Arena.ofConfined()) {
            MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            if (channel.size() != memory.sizeBytes()) {
                throw new AssertionError(path + " has " + channel.size() + " bytes");
            }
            MemorySegment present = arena.allocate(CHUNK_PAGES, 8);
            long offset = 0;
            for (GuestMemory.Region region : memory.regions()) {
                MemorySegment ram = region.segment();
                for (long at = 0; at < ram.byteSize(); at += PAGE_BYTES) {
                    long index = at / PAGE_BYTES % CHUNK_PAGES;
                    if (index == 0) {
                        long chunk = Math.min(ram.byteSize() - at, (long) CHUNK_PAGES * PAGE_BYTES);
                        Mapping.residentPages(ram, at, chunk, present);
                    }
                    boolean there = (present.get(ValueLayout.JAVA_BYTE, index) & 1) != 0;
                    MemorySegment page = there ? ram.asSlice(at, PAGE_BYTES) : ZEROES;
                    if (!pages.take(offset, page, file.asSlice(offset, PAGE_BYTES))) {
                        return;
                    }
                    offset += PAGE_BYTES;
                }
            }
        }
    }
}
