package dev.lull.linux;

import static dev.lull.linux.LinuxConstants.CLOCK_MONOTONIC;
import static dev.lull.linux.LinuxConstants.TFD_CLOEXEC;
import static dev.lull.linux.LinuxConstants.TFD_NONBLOCK;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A {@code timerfd_create(2)} timer on the monotonic clock that goes off once; used by one thread at a time. */
public final class TimerFd implements AutoCloseable {
    /** {@code struct itimerspec}; its interval stays 0. */
    @CStruct(value = "itimerspec", header = "time.h")
    static final class Setting {
        static final int SIZE = 32;
        static final int IT_VALUE__TV_SEC = 16;
        static final int IT_VALUE__TV_NSEC = 24;

        private Setting() {}
    }

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment setting = arena.allocate(Setting.SIZE, 8);
    private final MemorySegment expirations = arena.allocate(JAVA_LONG);
    private final Fd fd;

    /** @param name what the timer is for, for messages */
    public TimerFd(String name) {
        fd = new Fd(
                (int) Fd.check(
                        "timerfd_create",
                        name,
                        Syscall.syscall(
                                SyscallNumber.__NR_timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC, 0)),
                name);
    }

    /** The descriptor, readable once the timer has gone off; owned by this object. */
    public Fd fd() {
        return fd;
    }

    /**
     * Goes off in {@code delayNanos}, whatever was set before.
     *
     * @param delayNanos at least 1
     */
    public void arm(long delayNanos) {
        if (delayNanos < 1) {
            throw new IllegalArgumentException("a timer of " + delayNanos + " ns");
        }
        set(delayNanos);
    }

    /** Does not go off, and is not readable, until armed again. */
    public void disarm() {
        set(0);
    }

    /** Whether the timer has gone off since it was armed or last drained. */
    public boolean drain() {
        long result = fd.read(expirations);
        if (result == -Errno.EAGAIN) {
            return false;
        }
        Fd.check("read", fd.name(), result);
        return true;
    }

    @Override
    public void close() {
        fd.close();
    }

    private void set(long delayNanos) {
        setting.set(JAVA_LONG, Setting.IT_VALUE__TV_SEC, delayNanos / NANOS_PER_SECOND);
        setting.set(JAVA_LONG, Setting.IT_VALUE__TV_NSEC, delayNanos % NANOS_PER_SECOND);
        Fd.check(
                "timerfd_settime",
                fd.name(),
                Syscall.syscall(SyscallNumber.__NR_timerfd_settime, fd.number(), 0, setting.address(), 0, 0, 0));
    }
}
