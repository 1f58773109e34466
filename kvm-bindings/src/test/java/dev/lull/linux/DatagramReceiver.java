package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A Unix socket that datagrams are sent to, as a service manager has one. */
public final class DatagramReceiver implements AutoCloseable {
    private static final int MAX_BYTES = 4096;

    private final Fd socket;
    private final Epoll epoll = new Epoll("datagrams", 1);

    /** Binds to a path, or to a name of the abstract namespace behind an {@code @}. */
    public DatagramReceiver(String address) {
        int type = LinuxConstants.SOCK_DGRAM | LinuxConstants.SOCK_NONBLOCK | LinuxConstants.SOCK_CLOEXEC;
        long number = Syscall.syscall(SyscallNumber.__NR_socket, LinuxConstants.AF_UNIX, type, 0);
        socket = new Fd((int) Fd.check("socket", address, number), address);
        byte[] name = address.getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(UnixSocket.Address.SIZE, 8);
            segment.set(JAVA_SHORT, UnixSocket.Address.SUN_FAMILY, (short) LinuxConstants.AF_UNIX);
            MemorySegment.copy(name, 0, segment, JAVA_BYTE, UnixSocket.Address.SUN_PATH, name.length);
            if (name[0] == '@') {
                segment.set(JAVA_BYTE, UnixSocket.Address.SUN_PATH, (byte) 0);
            }
            Fd.check(
                    "bind",
                    address,
                    Syscall.syscall(
                            SyscallNumber.__NR_bind,
                            socket.number(),
                            segment.address(),
                            UnixSocket.Address.SUN_PATH + name.length));
        }
        epoll.add(socket, LinuxConstants.EPOLLIN, 0);
    }

    /** The next datagram; null if none comes in time. */
    public @Nullable String receive(int timeoutMillis) {
        if (epoll.await(timeoutMillis) == 0) {
            return null;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(MAX_BYTES);
            long length = Fd.check("read", socket.name(), socket.read(bytes));
            return new String(bytes.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8);
        }
    }

    @Override
    public void close() {
        epoll.close();
        socket.close();
    }
}
