package dev.lull.linux;

import static dev.lull.linux.LinuxConstants.EFD_CLOEXEC;
import static dev.lull.linux.LinuxConstants.EFD_NONBLOCK;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An {@code eventfd(2)} counter, non-blocking; one thread signals and one drains it at a time. */
public final class EventFd implements AutoCloseable {
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment one = arena.allocate(JAVA_LONG);
    private final MemorySegment count = arena.allocate(JAVA_LONG);
    private final Fd fd;

    /** @param name what the event means, for messages */
    public EventFd(String name) {
        fd = new Fd(
                (int) Fd.check(
                        "eventfd2",
                        name,
                        Syscall.syscall(SyscallNumber.__NR_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK, 0)),
                name);
        one.set(JAVA_LONG, 0, 1);
    }

    /** The descriptor, for {@link Epoll} or an ioctl; owned by this object. */
    public Fd fd() {
        return fd;
    }

    /** Adds one to the counter; a full counter already says all there is to say. */
    public void signal() {
        long result = fd.write(one);
        if (result < 0 && result != -Errno.EAGAIN) {
            throw new LinuxException("write", fd.name(), (int) -result);
        }
    }

    /** The number of signals since the last call, and back to none. */
    public long drain() {
        long result = fd.read(count);
        if (result == -Errno.EAGAIN) {
            return 0;
        }
        Fd.check("read", fd.name(), result);
        return count.get(JAVA_LONG, 0);
    }

    @Override
    public void close() {
        fd.close();
    }
}
