package dev.lull.linux;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Objects;

/** The kernel's random numbers. */
public final class Entropy {
    private Entropy() {}

    /**
     * Fills memory by {@code getrandom(2)}; it allocates nothing, and blocks only before the host's generator is seeded.
     *
     * @param memory native memory
     * @return {@code lengthBytes}, or less if the kernel refused to go on, or a negated error number
     */
    public static long fill(MemorySegment memory, long offsetBytes, long lengthBytes) {
        Objects.checkFromIndexSize(offsetBytes, lengthBytes, memory.byteSize());
        try {
            long done = 0;
            while (done < lengthBytes) {
                long result = Syscall.syscall(
                        SyscallNumber.__NR_getrandom, memory.address() + offsetBytes + done, lengthBytes - done, 0);
                if (result > 0) {
                    done += result;
                } else if (result != -Errno.EINTR) {
                    return done > 0 ? done : result;
                }
            }
            return done;
        } finally {
            Reference.reachabilityFence(memory);
        }
    }
}
