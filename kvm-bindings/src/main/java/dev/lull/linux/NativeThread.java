package dev.lull.linux;

import static dev.lull.linux.LinuxConstants.SCHED_IDLE;
import static dev.lull.linux.LinuxConstants.SCHED_NORMAL;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** What Linux offers a platform thread that Java does not: identity, CPU affinity, scheduling class, a directed signal. */
public final class NativeThread {
    /** {@code struct timespec}. */
    @CStruct(value = "timespec", header = "time.h")
    static final class Timespec {
        static final int SIZE = 16;
        static final int TV_SEC = 0;
        static final int TV_NSEC = 8;

        private Timespec() {}
    }

    /**
     * How a thread waited for a CPU, since its start ({@code /proc/PID/task/TID/schedstat}).
     *
     * @param waitedNanos that it could have run and did not
     * @param waits how often it was given a CPU after that, be the wait ever so short
     */
    public record RunQueueDelay(long waitedNanos, long waits) {}

    private static final int PRIO_PROCESS = 0;
    private static final int CALLING_THREAD = 0;
    private static final int AFFINITY_BYTES = 1024;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** {@code CPUCLOCK_PERTHREAD_MASK | CPUCLOCK_SCHED} of the kernel's {@code linux/posix-timers.h}, no header of its interface. */
    private static final long THREAD_CPU_TIME = 6;

    private static final long PROCESS_ID = Syscall.syscall(SyscallNumber.__NR_getpid, 0, 0, 0);

    private NativeThread() {}

    /** The kernel's id of the calling thread. */
    public static int currentId() {
        return (int) Syscall.syscall(SyscallNumber.__NR_gettid, 0, 0, 0);
    }

    /**
     * Sends a signal to one thread of this process.
     *
     * @return false if the thread has ended
     */
    public static boolean signal(int threadId, int signalNumber) {
        long result = Syscall.syscall(SyscallNumber.__NR_tgkill, PROCESS_ID, threadId, signalNumber);
        return result == 0;
    }

    /**
     * The processor time that a thread of this process has used, in the kernel and in a guest too, by the clock that
     * {@code pthread_getcpuclockid(3)} names.
     *
     * @return nanoseconds, or −1 if the thread has ended
     */
    public static long cpuNanos(int threadId) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(Timespec.SIZE, 8);
            long clock = ~(long) threadId << 3 | THREAD_CPU_TIME;
            long result = Syscall.syscall(SyscallNumber.__NR_clock_gettime, clock, time.address(), 0);
            return result < 0
                    ? -1
                    : time.get(JAVA_LONG, Timespec.TV_SEC) * NANOS_PER_SECOND + time.get(JAVA_LONG, Timespec.TV_NSEC);
        }
    }

    /**
     * How a thread of this process waited for a CPU.
     *
     * @return null if it has ended, or the kernel does not tell
     */
    public static @Nullable RunQueueDelay runQueueDelay(int threadId) {
        try {
            String[] words = Files.readString(Path.of("/proc/self/task", Integer.toString(threadId), "schedstat"))
                    .strip()
                    .split(" ", -1);
            return words.length == 3 ? new RunQueueDelay(Long.parseLong(words[1]), Long.parseLong(words[2])) : null;
        } catch (IOException | NumberFormatException e) {
            return null;
        }
    }

    /** Confines the calling thread to {@code cpus}. */
    public static void setAffinity(BitSet cpus) {
        setAffinity(CALLING_THREAD, cpus);
    }

    /** Confines a thread of this process to {@code cpus}. */
    public static void setAffinity(int threadId, BitSet cpus) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(AFFINITY_BYTES);
            byte[] bits = cpus.toByteArray();
            MemorySegment.copy(bits, 0, mask, JAVA_BYTE, 0, bits.length);
            Fd.check(
                    "sched_setaffinity",
                    "CPUs " + cpus,
                    Syscall.syscall(SyscallNumber.__NR_sched_setaffinity, threadId, AFFINITY_BYTES, mask.address()));
        }
    }

    /** Confines the calling thread to {@code cpu}. */
    public static void pin(int cpu) {
        BitSet one = new BitSet();
        one.set(cpu);
        setAffinity(one);
    }

    /** The CPUs the calling thread may run on. */
    public static BitSet affinity() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(AFFINITY_BYTES);
            long length = Fd.check(
                    "sched_getaffinity",
                    "the calling thread",
                    Syscall.syscall(SyscallNumber.__NR_sched_getaffinity, 0, AFFINITY_BYTES, mask.address()));
            return BitSet.valueOf(mask.asSlice(0, length).toArray(JAVA_BYTE));
        }
    }

    /** Puts a thread in the {@code SCHED_IDLE} class, or back in the normal one. */
    public static void setIdleClass(int threadId, boolean idle) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment priority = arena.allocate(JAVA_INT);
            Fd.check(
                    "sched_setscheduler",
                    idle ? "SCHED_IDLE" : "SCHED_NORMAL",
                    Syscall.syscall(
                            SyscallNumber.__NR_sched_setscheduler,
                            threadId,
                            idle ? SCHED_IDLE : SCHED_NORMAL,
                            priority.address()));
        }
    }

    /** Gives the calling thread less weight than others: nice values from 1 to 19. */
    public static void setNice(int nice) {
        setNice(CALLING_THREAD, nice);
    }

    /** Gives a thread of this process less weight than others: nice values from 1 to 19. */
    public static void setNice(int threadId, int nice) {
        Fd.check(
                "setpriority",
                "nice " + nice,
                Syscall.syscall(SyscallNumber.__NR_setpriority, PRIO_PROCESS, threadId, nice));
    }
}
