package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * Who is at the other end of a Unix socket: the process that connected, as it was then ({@code SO_PEERCRED}, unix(7)).
 *
 * @param pid 0 if it is outside this process's PID namespace
 * @param uid the effective user
 * @param gid the effective group
 */
public record PeerCredentials(int pid, int uid, int gid) {
    /** {@code struct ucred}. */
    @CStruct(value = "ucred", header = "sys/socket.h")
    static final class Ucred {
        static final int SIZE = 12;
        static final int PID = 0;
        static final int UID = 4;
        static final int GID = 8;

        private Ucred() {}
    }

    /**
     * The descriptor of a channel, which Java tells nobody. Its own {@code jdk.net.ExtendedSocketOptions.SO_PEERCRED} has no
     * process id, and the users by name: it asks the name service, which may be a network's, at every connection.
     */
    private static final class Descriptor {
        static final @Nullable MethodHandle OF_CHANNEL = find();

        private Descriptor() {}

        private static @Nullable MethodHandle find() {
            try {
                return MethodHandles.lookup()
                        .findVirtual(
                                Class.forName("sun.nio.ch.SelChImpl"), "getFDVal", MethodType.methodType(int.class))
                        .asType(MethodType.methodType(int.class, SocketChannel.class));
            } catch (ReflectiveOperationException e) {
                return null;
            }
        }
    }

    /**
     * The peer of a connected channel.
     *
     * @return null if it is not known: the channel is closed, is of another kind, or this JVM was started without
     *     {@code --add-exports=java.base/sun.nio.ch=dev.lull.bindings}
     */
    public static @Nullable PeerCredentials of(SocketChannel channel) {
        MethodHandle descriptor = Descriptor.OF_CHANNEL;
        // A closed channel's number may be another's by now.
        if (descriptor == null || !channel.isOpen()) {
            return null;
        }
        int number;
        try {
            number = (int) descriptor.invokeExact(channel);
        } catch (Throwable unreachable) {
            throw new AssertionError(unreachable);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ucred = arena.allocate(Ucred.SIZE, 4);
            if (UnixSocket.getOption(arena, number, LinuxConstants.SO_PEERCRED, ucred) < 0) {
                return null;
            }
            return new PeerCredentials(
                    ucred.get(JAVA_INT, Ucred.PID), ucred.get(JAVA_INT, Ucred.UID), ucred.get(JAVA_INT, Ucred.GID));
        }
    }
}
