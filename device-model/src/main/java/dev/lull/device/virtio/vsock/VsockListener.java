package dev.lull.device.virtio.vsock;

import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.LinuxException;
import dev.lull.linux.UnixSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** The Unix socket programs of the host connect to. Its file goes with it. */
final class VsockListener implements AutoCloseable {
    private static final int BACKLOG = 128;

    private final String path;
    private final Fd socket;

    /** Listens; a socket that a VM which has died left there is replaced. */
    VsockListener(Path path) {
        this.path = path.toString();
        try {
            socket = listen(path);
        } catch (LinuxException e) {
            throw new VsockException(
                    path,
                    switch (e.errno()) {
                        case Errno.EADDRINUSE -> "exists already; it is in use by another VM or is no socket";
                        case Errno.ENOENT -> "its directory does not exist";
                        case Errno.EACCES, Errno.EPERM -> "this user may not make a socket there";
                        default -> e.operation() + " failed: " + Errno.name(e.errno());
                    });
        }
    }

    private static Fd listen(Path path) {
        try {
            return UnixSocket.listen(path.toString(), BACKLOG);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EADDRINUSE || !isAbandoned(path)) {
                throw e;
            }
            UnixSocket.unlink(path.toString());
            return UnixSocket.listen(path.toString(), BACKLOG);
        }
    }

    private static boolean isAbandoned(Path path) {
        try {
            if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .isOther()) {
                return false;
            }
        } catch (IOException e) {
            return false;
        }
        try (Fd answered = UnixSocket.connect(path.toString())) {
            return answered.number() < 0;
        } catch (LinuxException e) {
            return e.errno() == Errno.ECONNREFUSED;
        }
    }

    /** What is ready when a program connects. */
    Fd socket() {
        return socket;
    }

    @Override
    public void close() {
        socket.close();
        UnixSocket.unlink(path);
    }
}
