package dev.lull.linux;

import static dev.lull.linux.LinuxConstants.AF_UNIX;
import static dev.lull.linux.LinuxConstants.SOCK_CLOEXEC;
import static dev.lull.linux.LinuxConstants.SOCK_DGRAM;
import static dev.lull.linux.LinuxConstants.SOCK_NONBLOCK;
import static dev.lull.linux.LinuxConstants.SOCK_STREAM;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Unix sockets that do not block, by path. Their descriptors are the caller's to close. */
public final class UnixSocket {
    /** {@code struct sockaddr_un}. */
    @CStruct(value = "sockaddr_un", header = "sys/un.h")
    static final class Address {
        static final int SIZE = 110;
        static final int SUN_FAMILY = 0;
        static final int SUN_PATH = 2;

        private Address() {}
    }

    /** The longest path of a socket, in bytes. */
    public static final int MAX_PATH_BYTES = Address.SIZE - Address.SUN_PATH - 1;

    private UnixSocket() {}

    /**
     * Listens at {@code path}, which must not exist; {@link #unlink} it after closing.
     *
     * @param backlog how many connections may wait to be accepted
     * @throws LinuxException EADDRINUSE if there is a file already
     */
    public static Fd listen(String path, int backlog) {
        Fd fd = stream(path);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = address(arena, path);
            Fd.check(
                    "bind",
                    path,
                    Syscall.syscall(SyscallNumber.__NR_bind, fd.number(), address.address(), Address.SIZE));
            Fd.check("listen", path, Syscall.syscall(SyscallNumber.__NR_listen, fd.number(), backlog, 0));
            return fd;
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * The next connection of a listening socket.
     *
     * @return its descriptor's number, for a new {@link Fd}, or a negated error number; EAGAIN if there is none
     */
    public static int accept(Fd listening) {
        return (int) Syscall.syscall(
                SyscallNumber.__NR_accept4, listening.number(), 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC, 0, 0);
    }

    /**
     * Connects to the socket at {@code path}; the connection is there at once, or not at all.
     *
     * @throws LinuxException ENOENT or ECONNREFUSED if nobody listens, EAGAIN if too many wait already
     */
    public static Fd connect(String path) {
        Fd fd = stream(path);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = address(arena, path);
            Fd.check(
                    "connect",
                    path,
                    Syscall.syscall(SyscallNumber.__NR_connect, fd.number(), address.address(), Address.SIZE));
            return fd;
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * A datagram socket that sends to {@code address}: each {@link Fd#write} is a datagram, and EAGAIN if the receiver has
     * no room for it.
     *
     * @param address a path, or a name of the abstract namespace behind an {@code @}, as systemd writes them
     * @throws LinuxException ENOENT or ECONNREFUSED if nobody receives there
     */
    public static Fd connectDatagram(String address) {
        Fd fd = socket(SOCK_DGRAM | SOCK_NONBLOCK, checkedPath(address));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = address(arena, address);
            // A path ends at its zero; an abstract name is as long as the address says.
            long lengthBytes = Address.SIZE;
            if (address.startsWith("@")) {
                segment.set(JAVA_BYTE, Address.SUN_PATH, (byte) 0);
                lengthBytes = (long) Address.SUN_PATH + address.getBytes(StandardCharsets.UTF_8).length;
            }
            Fd.check(
                    "connect",
                    address,
                    Syscall.syscall(SyscallNumber.__NR_connect, fd.number(), segment.address(), lengthBytes));
            return fd;
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** Whether a descriptor of whatever kind is a Unix stream socket that listens. */
    static boolean isListening(int number) {
        return option(number, LinuxConstants.SO_DOMAIN) == AF_UNIX
                && option(number, LinuxConstants.SO_TYPE) == SOCK_STREAM
                && option(number, LinuxConstants.SO_ACCEPTCONN) == 1;
    }

    /** A socket's option that is a number, or −1 if there is none. */
    private static int option(int number, int option) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            return getOption(arena, number, option, value) < 0 ? -1 : value.get(JAVA_INT, 0);
        }
    }

    /** {@code getsockopt(2)}: 0, or a negated error number. */
    static int getOption(Arena arena, int number, int option, MemorySegment value) {
        MemorySegment lengthBytes = arena.allocate(JAVA_INT);
        lengthBytes.set(JAVA_INT, 0, (int) value.byteSize());
        return (int) Syscall.syscall(
                SyscallNumber.__NR_getsockopt,
                number,
                LinuxConstants.SOL_SOCKET,
                option,
                value.address(),
                lengthBytes.address(),
                0);
    }

    /** Tells the peer of a connection that no more will be written. */
    public static void shutdownWrite(Fd connection) {
        shutdown(connection, LinuxConstants.SHUT_WR);
    }

    /** Tells the peer of a connection that no more will be read: its writes fail from now on. */
    public static void shutdownRead(Fd connection) {
        shutdown(connection, LinuxConstants.SHUT_RD);
    }

    /** Removes the file a listening socket left; without effect if there is none. */
    public static void unlink(String path) {
        try (Arena arena = Arena.ofConfined()) {
            long result = Syscall.syscall(
                    SyscallNumber.__NR_unlink, arena.allocateFrom(path).address(), 0, 0);
            if (result != -Errno.ENOENT) {
                Fd.check("unlink", path, result);
            }
        }
    }

    /** A socket of no peer, through which the kernel is asked about network interfaces. */
    static Fd datagram() {
        return socket(SOCK_DGRAM, "a socket");
    }

    private static Fd stream(String path) {
        return socket(SOCK_STREAM | SOCK_NONBLOCK, checkedPath(path));
    }

    private static String checkedPath(String path) {
        if (path.getBytes(StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
            throw new LinuxException("socket", path, Errno.ENAMETOOLONG);
        }
        return path;
    }

    private static Fd socket(int type, String name) {
        long result = Syscall.syscall(SyscallNumber.__NR_socket, AF_UNIX, type | SOCK_CLOEXEC, 0);
        return new Fd((int) Fd.check("socket", name, result), name);
    }

    private static void shutdown(Fd connection, int how) {
        long result = Syscall.syscall(SyscallNumber.__NR_shutdown, connection.number(), how, 0);
        // The peer was faster.
        if (result != -Errno.ENOTCONN) {
            Fd.check("shutdown", connection.name(), result);
        }
    }

    private static MemorySegment address(Arena arena, String path) {
        MemorySegment address = arena.allocate(Address.SIZE, 8);
        address.set(JAVA_SHORT, Address.SUN_FAMILY, (short) AF_UNIX);
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(bytes, 0, address, JAVA_BYTE, Address.SUN_PATH, bytes.length);
        return address;
    }
}
