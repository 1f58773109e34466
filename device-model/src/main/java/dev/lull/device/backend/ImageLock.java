package dev.lull.device.backend;

import dev.lull.linux.Fd;
import dev.lull.linux.FileIo;

/**
 * The lock on a disk image, which means the same to QEMU ({@code block/file-posix.c}): a shared lock on byte 100 + n says that
 * its holder does n, one on byte 200 + n that nobody else may. A writer locks all bytes exclusively, which excludes every
 * holder of either.
 */
final class ImageLock {
    private static final int DOES = 100;
    private static final int FORBIDS = 200;
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int RESIZE = 3;

    private ImageLock() {}

    /**
     * Locks the image for as long as {@code fd} is open.
     *
     * @return false if another program's use of it excludes this one
     */
    static boolean tryTake(Fd fd, boolean readOnly) {
        if (!readOnly) {
            return FileIo.tryLock(fd, true, 0, 0);
        }
        return FileIo.tryLock(fd, false, DOES + READ, 1)
                && FileIo.tryLock(fd, false, FORBIDS + WRITE, 1)
                && FileIo.tryLock(fd, false, FORBIDS + RESIZE, 1)
                && !FileIo.isLocked(fd, FORBIDS + READ)
                && !FileIo.isLocked(fd, DOES + WRITE)
                && !FileIo.isLocked(fd, DOES + RESIZE);
    }
}
