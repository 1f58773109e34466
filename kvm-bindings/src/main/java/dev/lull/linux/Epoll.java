package dev.lull.linux;

import static dev.lull.linux.LinuxConstants.EPOLL_CLOEXEC;
import static dev.lull.linux.LinuxConstants.EPOLL_CTL_ADD;
import static dev.lull.linux.LinuxConstants.EPOLL_CTL_DEL;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An {@code epoll(7)} set, level-triggered unless {@code EPOLLET} is in a mask. One thread waits; any thread may add and remove. */
public final class Epoll implements AutoCloseable {
    /** {@code struct epoll_event}, packed on x86-64. */
    @CStruct(value = "epoll_event", header = "sys/epoll.h")
    static final class Event {
        static final int SIZE = 12;
        static final int EVENTS = 0;
        static final int DATA = 4;

        private Event() {}
    }

    /** {@code struct pollfd}. */
    @CStruct(value = "pollfd", header = "poll.h")
    static final class PollFd {
        static final int SIZE = 8;
        static final int FD = 0;
        static final int EVENTS = 4;

        private PollFd() {}
    }

    private static final short POLLIN = 1;

    private final Fd fd;
    private final MemorySegment events;
    private final MemorySegment self = Arena.ofAuto().allocate(PollFd.SIZE, 8);
    private final int capacity;

    /** @param capacity the most events one wait reports */
    public Epoll(String name, int capacity) {
        this.capacity = capacity;
        this.events = Arena.ofAuto().allocate((long) capacity * Event.SIZE, 8);
        this.fd = new Fd(
                (int) Fd.check(
                        "epoll_create1", name, Syscall.syscall(SyscallNumber.__NR_epoll_create1, EPOLL_CLOEXEC, 0, 0)),
                name);
        self.set(JAVA_INT, PollFd.FD, fd.number());
        self.set(JAVA_SHORT, PollFd.EVENTS, POLLIN);
    }

    /**
     * Watches {@code watched}.
     *
     * @param eventMask {@code EPOLL…} of {@link LinuxConstants}
     * @param token what {@link #token} gives for its events
     */
    public void add(Fd watched, int eventMask, long token) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment event = arena.allocate(Event.SIZE, 8);
            event.set(JAVA_INT, Event.EVENTS, eventMask);
            event.set(JAVA_LONG_UNALIGNED, Event.DATA, token);
            control(EPOLL_CTL_ADD, watched, event.address());
        }
    }

    /** Stops watching {@code watched}. */
    public void remove(Fd watched) {
        control(EPOLL_CTL_DEL, watched, 0);
    }

    /**
     * Waits for events.
     *
     * @param timeoutMillis at the most; −1 waits without limit, 0 not at all
     * @return how many there are, 0 after the time-out or a signal
     */
    public int await(int timeoutMillis) {
        long result = Syscall.syscall(
                SyscallNumber.__NR_epoll_pwait, fd.number(), events.address(), capacity, timeoutMillis, 0, 0);
        return result == -Errno.EINTR ? 0 : (int) Fd.check("epoll_pwait", fd.name(), result);
    }

    /** The set's descriptor, readable while it has an event; owned by this object. */
    public int number() {
        return fd.number();
    }

    /** Waits until there are events, and leaves them there; or for a signal. */
    public void awaitAny() {
        long result = Syscall.syscall(SyscallNumber.__NR_poll, self.address(), 1, -1);
        if (result != -Errno.EINTR) {
            Fd.check("poll", fd.name(), result);
        }
    }

    /** The token of event {@code index} of the last wait. */
    public long token(int index) {
        return events.get(JAVA_LONG_UNALIGNED, (long) index * Event.SIZE + Event.DATA);
    }

    /** The event mask of event {@code index} of the last wait. */
    public int eventMask(int index) {
        return events.get(JAVA_INT, (long) index * Event.SIZE + Event.EVENTS);
    }

    @Override
    public void close() {
        fd.close();
    }

    private void control(int operation, Fd watched, long event) {
        Fd.check(
                "epoll_ctl",
                watched.name(),
                Syscall.syscall(SyscallNumber.__NR_epoll_ctl, fd.number(), operation, watched.number(), event, 0, 0));
    }
}
