package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Two ends of a connection that keeps packets whole, as a TAP device does, and needs no privilege. */
public final class PacketPair implements AutoCloseable {
    @CConstants({"sys/socket.h", "asm/unistd_64.h"})
    static final class Constants {
        static final int SOCK_SEQPACKET = 5;
        static final int __NR_socketpair = 53;

        private Constants() {}
    }

    private final Fd near;
    private final Fd far;

    public PacketPair() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment numbers = arena.allocate(JAVA_INT, 2);
            int type = Constants.SOCK_SEQPACKET | LinuxConstants.SOCK_NONBLOCK | LinuxConstants.SOCK_CLOEXEC;
            Fd.check(
                    "socketpair",
                    "a pair",
                    Syscall.syscall(
                            Constants.__NR_socketpair, LinuxConstants.AF_UNIX, type, 0, numbers.address(), 0, 0));
            near = new Fd(numbers.get(JAVA_INT, 0), "near end");
            far = new Fd(numbers.get(JAVA_INT, 4), "far end");
        }
    }

    /** The end the code under test has. */
    public Fd near() {
        return near;
    }

    /** The end the test has. */
    public Fd far() {
        return far;
    }

    @Override
    public void close() {
        near.close();
        far.close();
    }
}
