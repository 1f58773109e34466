package dev.lull.idle;

import dev.lull.linux.LinuxException;
import dev.lull.linux.UserFaults;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one {@link UserFaults} of this process, for the memory of all its guests: the kernel lets a piece of memory have no other
 * beside. It is made when it is first wanted and kept.
 */
final class WriteHold {
    private static @Nullable UserFaults faults;

    private WriteHold() {}

    /**
     * Makes it possible to hold up writes to {@code memory}, until that is unmapped.
     *
     * @return the descriptor to do it with
     * @throws IdleUnavailable if the host does not let this process
     */
    static synchronized int on(List<MemorySegment> memory) {
        try {
            if (faults == null) {
                faults = UserFaults.open();
            }
            for (MemorySegment region : memory) {
                faults.register(region);
            }
            return faults.number();
        } catch (LinuxException e) {
            throw new IdleUnavailable("writes of a guest cannot be held up while its memory changes (" + e.getMessage()
                    + "); let this user open /dev/userfaultfd, which Linux 6.1 has, or set the sysctl"
                    + " vm.unprivileged_userfaultfd to 1");
        }
    }
}
