package dev.lull.agent.control.http;

import dev.lull.linux.Errno;
import dev.lull.linux.LinuxException;
import dev.lull.linux.UnixSocket;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listening socket's file. It is made under another name, and gets its own once it is as it should be: nobody finds it with
 * other permissions, or finds it and nobody listening.
 */
public final class SocketFile {
    private static final Logger LOG = LoggerFactory.getLogger(SocketFile.class);
    private static final int BACKLOG = 512;

    /** Java binds to paths of one byte less than Linux does. */
    private static final int MAX_DRAFT_BYTES = UnixSocket.MAX_PATH_BYTES - 1;

    private static final int OWNER_READ = 0400;
    private static final AtomicInteger DRAFTS = new AtomicInteger();

    private final Path path;
    private final ServerSocketChannel channel;
    private final Object identity;

    private SocketFile(Path path, ServerSocketChannel channel, Object identity) {
        this.path = path;
        this.channel = channel;
        this.identity = identity;
    }

    /**
     * Listens at {@code path}. What a server that has died left there is replaced.
     *
     * @param mode permission bits; who may write may connect
     * @param group the file's; null leaves it this process's
     * @throws ListenException if it cannot, with a line for the user
     */
    public static SocketFile create(Path path, int mode, @Nullable String group) {
        Path directory = path.toAbsolutePath().getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw new ListenException(path, "its directory does not exist; create it");
        }
        Path draft = draft(path);
        int excessBytes = Math.max(lengthBytes(path) - UnixSocket.MAX_PATH_BYTES, lengthBytes(draft) - MAX_DRAFT_BYTES);
        if (excessBytes > 0) {
            throw new ListenException(
                    path, "its path is " + excessBytes + " bytes longer than a socket's may be; choose a shorter one");
        }
        boolean abandoned = isAbandoned(path);
        try (Draft socket = new Draft(draft)) {
            setGroup(path, draft, group);
            Files.setPosixFilePermissions(draft, permissions(mode));
            if (abandoned) {
                Files.deleteIfExists(path);
            }
            Files.createLink(path, draft);
            return new SocketFile(path, socket.keep(), identity(path));
        } catch (FileAlreadyExistsException e) {
            throw inUse(path);
        } catch (IOException e) {
            throw new ListenException(path, problem(e));
        }
    }

    /** What clients connect to. */
    public ServerSocketChannel channel() {
        return channel;
    }

    /** Removes the file, unless another has taken its place. Before closing the channel: until then nobody else is given its inode. */
    public void remove() {
        try {
            if (identity.equals(identity(path))) {
                Files.delete(path);
            }
        } catch (NoSuchFileException e) {
            // Someone was faster.
        } catch (IOException e) {
            LOG.warn("socket {}: its file stays, it cannot be removed: {}", path, problem(e));
        }
    }

    /** A bound socket whose file has a name of its own for the time being. */
    private static final class Draft implements AutoCloseable {
        private final Path file;
        private final ServerSocketChannel channel;
        private boolean kept;

        Draft(Path file) throws IOException {
            this.file = file;
            // Left by a process of the same number.
            Files.deleteIfExists(file);
            channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.bind(UnixDomainSocketAddress.of(file), BACKLOG);
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        }

        ServerSocketChannel keep() {
            kept = true;
            return channel;
        }

        @Override
        public void close() throws IOException {
            Files.deleteIfExists(file);
            if (!kept) {
                channel.close();
            }
        }
    }

    /** Beside the socket's, and like it as far as there is room: tools show a socket by the name it was bound to. */
    private static Path draft(Path path) {
        String unique = "." + Long.toString(ProcessHandle.current().pid(), Character.MAX_RADIX) + "."
                + Integer.toString(DRAFTS.getAndIncrement(), Character.MAX_RADIX);
        String name = unique + "-" + path.getFileName();
        while (name.length() > unique.length() && lengthBytes(path.resolveSibling(name)) > MAX_DRAFT_BYTES) {
            name = name.substring(0, name.length() - 1);
        }
        return path.resolveSibling(name);
    }

    /** @throws ListenException if somebody answers there, or something else is there */
    private static boolean isAbandoned(Path path) {
        try {
            if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .isOther()) {
                throw new ListenException(path, "there is a file that is no socket; choose another path");
            }
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw new ListenException(path, problem(e));
        }
        try {
            UnixSocket.connect(path.toString()).close();
            throw inUse(path);
        } catch (LinuxException e) {
            return switch (e.errno()) {
                case Errno.ECONNREFUSED, Errno.ENOENT -> true;
                // It has more clients waiting than it takes.
                case Errno.EAGAIN -> throw inUse(path);
                default -> throw new ListenException(path, problem(e));
            };
        }
    }

    private static ListenException inUse(Path path) {
        return new ListenException(path, "is in use by another process; stop that one or choose another path");
    }

    private static void setGroup(Path path, Path file, @Nullable String group) throws IOException {
        if (group == null) {
            return;
        }
        try {
            PosixFileAttributeView view =
                    Files.getFileAttributeView(file, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
            view.setGroup(file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group));
        } catch (UserPrincipalNotFoundException e) {
            LOG.warn(
                    "socket {}: there is no group {}, so it keeps this process's; create it with: groupadd --system {}",
                    path,
                    group,
                    group);
        }
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        int bit = OWNER_READ;
        for (PosixFilePermission permission : PosixFilePermission.values()) {
            if ((mode & bit) != 0) {
                permissions.add(permission);
            }
            bit >>= 1;
        }
        return permissions;
    }

    private static Object identity(Path path) throws IOException {
        return Objects.requireNonNull(Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey());
    }

    private static int lengthBytes(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8).length;
    }

    private static String problem(Exception e) {
        return Objects.requireNonNullElse(e.getMessage(), e.toString());
    }
}
