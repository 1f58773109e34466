package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What a worker knows of the loop of a machine's devices: whether the guest has asked it for something. */
public final class DeviceLoop {
    final MemorySegment loop = Arena.ofAuto().allocate(IdleLayout.Loop.SIZE, 8);

    /** Reached from here, so that it lives as long. */
    private final MemorySegment busy;

    /**
     * A loop that waits in epoll.
     *
     * @param epollFd readable while an event waits
     * @param busy an {@code int}, not 0 while the loop does something
     * @param elsewhere whether the machine's vCPUs are at home on several CPUs: then it may ask while those of one rest
     */
    public DeviceLoop(int epollFd, MemorySegment busy, boolean elsewhere) {
        this.busy = busy;
        loop.set(JAVA_INT, IdleLayout.Loop.ELSEWHERE, elsewhere ? 1 : 0);
        loop.set(JAVA_INT, IdleLayout.Loop.EPOLL_FD, epollFd);
        loop.set(JAVA_LONG, IdleLayout.Loop.BUSY, busy.address());
    }

    /** Whether the loop does something at the moment. */
    public boolean isBusy() {
        return busy.get(JAVA_INT, 0) != 0;
    }
}
