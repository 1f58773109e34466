package dev.lull.agent.boot;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An image in a file, open for reading. */
final class FileBytes implements ImageBytes {
    private static final FileIdentity UNKNOWN = new FileIdentity(0, 0, 0, 0, 0);

    private final String name;
    private final Path path;
    private final FileChannel channel;
    private final long sizeBytes;
    private final FileIdentity identity;

    private FileBytes(String name, Path path, FileChannel channel, long sizeBytes, FileIdentity identity) {
        this.name = name;
        this.path = path;
        this.channel = channel;
        this.sizeBytes = sizeBytes;
        this.identity = identity;
    }

    /**
     * Opens a regular, non-empty file.
     *
     * @param role what it is to the user: {@code kernel} or {@code initrd}
     * @param remedy what to give instead, ending the message of every failure
     * @throws KernelException when it is missing, unreadable, empty or no regular file
     */
    static FileBytes open(String role, Path path, String remedy) {
        String name = role.concat(" ").concat(path.toString());
        try {
            // Before the open: opening a FIFO would wait for its writer.
            Map<String, Object> status = Files.readAttributes(path, FileIdentity.ATTRIBUTES);
            if (!Boolean.TRUE.equals(status.get("isRegularFile"))) {
                String kind = Boolean.TRUE.equals(status.get("isDirectory")) ? "a directory" : "not a regular file";
                throw new KernelException(name + ": is " + kind + "; " + remedy);
            }
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            try {
                long size = channel.size();
                if (size == 0) {
                    throw new KernelException(name + ": is empty; " + remedy);
                }
                return new FileBytes(name, path, channel, size, FileIdentity.of(status));
            } catch (IOException | KernelException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw new KernelException(name + ": " + reason(e) + "; " + remedy, e);
        }
    }

    /** Opens a file that may well be absent or unreadable: null then. */
    static @Nullable FileBytes openIfPresent(String name, Path path) {
        try {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            return new FileBytes(name, path, channel, channel.size(), UNKNOWN);
        } catch (IOException e) {
            return null;
        }
    }

    /** The path it was opened by. */
    Path path() {
        return path;
    }

    /** Which file its path named just before it was opened. */
    FileIdentity identity() {
        return identity;
    }

    /** Whether its path still names the very same, unchanged file. */
    boolean isUnchanged() {
        try {
            return identity.equals(FileIdentity.of(Files.readAttributes(path, FileIdentity.ATTRIBUTES)));
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void read(long offset, ByteBuffer destination) {
        long position = offset;
        try {
            while (destination.hasRemaining()) {
                int count = channel.read(destination, position);
                if (count < 0) {
                    throw truncated(position + destination.remaining());
                }
                position += count;
            }
        } catch (IOException e) {
            throw new KernelException(name + ": cannot be read: " + reason(e), e);
        }
    }

    @Override
    public void copyTo(long offset, MemorySegment destination) {
        if (!copyMapped(offset, destination)) {
            ImageBytes.super.copyTo(offset, destination);
        }
    }

    /**
     * Copies from a mapping of the file: a fraction of the instructions of reading it, of which an emulated {@code rep movsb}
     * takes one a byte.
     *
     * @return false if that did not work, and reading will say why: the file was cut off meanwhile, its medium failed (both
     *     are an {@link InternalError} here, of a {@code SIGBUS}), or its file system maps nothing
     */
    private boolean copyMapped(long offset, MemorySegment destination) {
        long length = destination.byteSize();
        try (Arena arena = Arena.ofConfined()) {
            destination.copyFrom(channel.map(FileChannel.MapMode.READ_ONLY, offset, length, arena));
            // The page in which a file was cut off reads as zeros from there on.
            return channel.size() >= offset + length;
        } catch (IOException | InternalError e) {
            return false;
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // Only ever read: a failing close loses nothing.
            throw new KernelException(name + ": cannot be closed: " + reason(e), e);
        }
    }

    /** The system's reason for a failure without the path, which the message already names. */
    static String reason(IOException failure) {
        if (failure instanceof NoSuchFileException) {
            return "no such file";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        String reason = failure instanceof FileSystemException system && system.getReason() != null
                ? system.getReason()
                : failure.getMessage();
        return reason == null ? failure.getClass().getSimpleName() : reason;
    }
}
