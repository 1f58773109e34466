package dev.lull.device.backend;

import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.FileIo;
import dev.lull.linux.FileStatus;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * An open raw disk image: a regular file or a block device. While it is open it is locked, exclusively or, read-only, together
 * with others who only read, against every program that asks.
 */
public final class DiskImage implements AutoCloseable {
    /** The unit in which virtio counts, whatever the medium's own blocks are (virtio 1.2 §5.2.4). */
    public static final int SECTOR_BYTES = 512;

    private final Path path;
    private final Fd fd;
    private final boolean readOnly;
    private final boolean direct;
    private final int blockBytes;
    private final int memoryAlignment;
    private final long sizeBytes;

    private DiskImage(Path path, Fd fd, boolean readOnly, boolean direct, FileStatus status) {
        this.path = path;
        this.fd = fd;
        this.readOnly = readOnly;
        this.direct = direct;
        this.blockBytes = direct ? Math.max(SECTOR_BYTES, status.directOffsetAlignment()) : SECTOR_BYTES;
        // Where the kernel does not say, a sector is what block devices have always been content with.
        this.memoryAlignment = status.directMemoryAlignment() == 0 ? SECTOR_BYTES : status.directMemoryAlignment();
        this.sizeBytes = status.sizeBytes();
    }

    /**
     * Opens and locks an image.
     *
     * @param direct whether its data bypasses the host's page cache
     * @throws DiskException if it cannot serve as a disk
     */
    public static DiskImage open(Path path, boolean readOnly, boolean direct) {
        Fd fd = openFile(path, readOnly);
        try {
            DiskImage image = new DiskImage(path, fd, readOnly, direct, FileStatus.of(fd));
            image.check();
            return image;
        } catch (LinuxException e) {
            fd.close();
            throw new DiskException(path, e.operation() + " failed: " + Errno.name(e.errno()));
        } catch (DiskException e) {
            fd.close();
            throw e;
        }
    }

    /** The open file. */
    Fd fd() {
        return fd;
    }

    /** Where the image is. */
    public Path path() {
        return path;
    }

    /** Whether it may not be written. */
    public boolean readOnly() {
        return readOnly;
    }

    /** Whether its data bypasses the host's page cache. */
    public boolean direct() {
        return direct;
    }

    /** What offsets and lengths of all reads and writes are multiples of, in bytes: a sector or more. */
    public int blockBytes() {
        return blockBytes;
    }

    /** What addresses of direct I/O are multiples of, in bytes. */
    int memoryAlignment() {
        return memoryAlignment;
    }

    /** The size when it was opened, a multiple of {@link #blockBytes}. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /**
     * The size it has now.
     *
     * @throws DiskException if that is no size for a disk
     */
    public long currentSizeBytes() {
        return checkSize(FileStatus.of(fd).sizeBytes());
    }

    /** Whether {@code path} is where the open file is now; false if there is none. */
    public boolean isAt(Path other) {
        try {
            Object key = Files.readAttributes(other, BasicFileAttributes.class).fileKey();
            Path open = Path.of("/proc/self/fd/" + fd.number());
            return key.equals(
                    Files.readAttributes(open, BasicFileAttributes.class).fileKey());
        } catch (IOException e) {
            return false;
        }
    }

    /** Closes the file, which unlocks it; nothing is under way. */
    @Override
    public void close() {
        fd.close();
    }

    private static Fd openFile(Path path, boolean readOnly) {
        try {
            // Non-blocking for the opening alone: a named pipe would wait for its other end.
            return Fd.open(
                    path.toString(),
                    (readOnly ? LinuxConstants.O_RDONLY : LinuxConstants.O_RDWR) | LinuxConstants.O_NONBLOCK);
        } catch (LinuxException e) {
            throw new DiskException(
                    path,
                    switch (e.errno()) {
                        case Errno.ENOENT -> "there is no such file";
                        case Errno.EISDIR -> "this is a directory, not a disk image";
                        case Errno.EACCES, Errno.EPERM ->
                            readOnly
                                    ? "this user may not read it"
                                    : "this user may not write it; make it writable, or add readonly";
                        case Errno.EROFS -> "it is on a read-only medium; add readonly";
                        default -> "it cannot be opened: " + Errno.name(e.errno());
                    });
        }
    }

    private void check() {
        FileStatus status = FileStatus.of(fd);
        switch (status.type()) {
            case REGULAR, BLOCK_DEVICE -> {}
            case DIRECTORY -> throw new DiskException(path, "this is a directory, not a disk image");
            case OTHER -> throw new DiskException(path, "this is neither a file nor a block device");
        }
        checkSize(sizeBytes);
        try {
            FileIo.setStatusFlags(fd, direct ? LinuxConstants.O_DIRECT : 0);
        } catch (LinuxException e) {
            if (e.errno() == Errno.EINVAL) {
                throw new DiskException(path, "its file system has no direct I/O; leave out direct");
            }
            throw e;
        }
        if (!ImageLock.tryTake(fd, readOnly)) {
            throw new DiskException(
                    path,
                    readOnly
                            ? "another virtual machine has it open for writing; stop that one first"
                            : "another virtual machine has it open; stop that one first, or add readonly to both");
        }
    }

    private long checkSize(long size) {
        if (size == 0) {
            throw new DiskException(path, "it is empty; truncate -s 1G " + path + " gives it a size");
        }
        if (size % blockBytes != 0) {
            long next = (size / blockBytes + 1) * blockBytes;
            throw new DiskException(
                    path,
                    "its size of %d bytes is not a multiple of %d; truncate -s %d %s extends it"
                            .formatted(size, blockBytes, next, path));
        }
        return size;
    }
}
