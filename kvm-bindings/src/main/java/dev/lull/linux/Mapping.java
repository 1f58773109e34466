package dev.lull.linux;

import static dev.lull.linux.LinuxConstants.MADV_DONTNEED;
import static dev.lull.linux.LinuxConstants.MADV_HUGEPAGE;
import static dev.lull.linux.LinuxConstants.MADV_POPULATE_WRITE;
import static dev.lull.linux.LinuxConstants.MAP_ANONYMOUS;
import static dev.lull.linux.LinuxConstants.MAP_HUGETLB;
import static dev.lull.linux.LinuxConstants.MAP_NORESERVE;
import static dev.lull.linux.LinuxConstants.MAP_PRIVATE;
import static dev.lull.linux.LinuxConstants.MAP_SHARED;
import static dev.lull.linux.LinuxConstants.MFD_CLOEXEC;
import static dev.lull.linux.LinuxConstants.MFD_HUGETLB;
import static dev.lull.linux.LinuxConstants.PROT_READ;
import static dev.lull.linux.LinuxConstants.PROT_WRITE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Memory from {@code mmap(2)}, readable and, but for {@link #sharedReadOnly}, writable, as one bounded segment.
 *
 * <p>The segment's scope is global: touching it after {@link #close} faults. Whoever owns the mapping stops every user
 * of it first; a shared arena would check that on each access, and would stop all threads at each close.
 */
public final class Mapping implements AutoCloseable {
    /** The size of the pages {@link #residentPages} counts. */
    public static final int PAGE_BYTES = 4096;

    private static final long HUGE_PAGE_BYTES = 2L << 20;

    /** The one bit of each byte that {@code mincore(2)} defines. */
    private static final long RESIDENT_BITS = 0x0101_0101_0101_0101L;

    private final MemorySegment segment;
    private final long reservedAddress;
    private final long reservedBytes;
    private boolean closed;

    private Mapping(MemorySegment segment, long reservedAddress, long reservedBytes) {
        this.segment = segment;
        this.reservedAddress = reservedAddress;
        this.reservedBytes = reservedBytes;
    }

    /** Pages of any size the kernel sees fit, zero when first touched; aligned for transparent huge pages. */
    public static Mapping anonymous(long lengthBytes) {
        long reserved = lengthBytes + HUGE_PAGE_BYTES;
        long address = mmap(reserved, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0, "anonymous memory");
        long aligned = (address + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
        // Advice: a kernel built without transparent huge pages refuses it, and nothing is lost.
        Syscall.syscall(SyscallNumber.__NR_madvise, aligned, lengthBytes, MADV_HUGEPAGE);
        return new Mapping(segment(aligned, lengthBytes), address, reserved);
    }

    /**
     * Pages of the host's pool of 2 MiB huge pages.
     *
     * @param lengthBytes a multiple of 2 MiB
     */
    public static Mapping hugePages(long lengthBytes) {
        return owned(
                mmap(lengthBytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0, "2 MiB huge pages"), lengthBytes);
    }

    /** {@code lengthBytes} of an open file or device from {@code offsetBytes}, shared with it. */
    public static Mapping shared(Fd fd, long offsetBytes, long lengthBytes) {
        return owned(mmap(lengthBytes, MAP_SHARED, fd.number(), offsetBytes, fd.name()), lengthBytes);
    }

    /** As {@link #shared}, of a file or device that is open for reading only; who writes there faults. */
    public static Mapping sharedReadOnly(Fd fd, long offsetBytes, long lengthBytes) {
        long address = mmap(lengthBytes, PROT_READ, MAP_SHARED, fd.number(), offsetBytes, fd.name());
        return new Mapping(segment(address, lengthBytes).asReadOnly(), address, lengthBytes);
    }

    /** {@code lengthBytes} of an open file from its beginning, as it is; what is written there does not reach the file. */
    public static Mapping ofFile(Fd fd, long lengthBytes) {
        return owned(mmap(lengthBytes, MAP_PRIVATE, fd.number(), 0, fd.name()), lengthBytes);
    }

    /**
     * A new memory file of {@code lengthBytes}, for memory that another process is to map.
     *
     * @param hugePages whether it comes from the pool of 2 MiB huge pages
     */
    public static Fd memoryFile(String name, long lengthBytes, boolean hugePages) {
        try (Arena arena = Arena.ofConfined()) {
            int flags = MFD_CLOEXEC | (hugePages ? MFD_HUGETLB : 0);
            Fd fd = new Fd(
                    (int) Fd.check(
                            "memfd_create",
                            name,
                            Syscall.syscall(
                                    SyscallNumber.__NR_memfd_create,
                                    arena.allocateFrom(name).address(),
                                    flags,
                                    0)),
                    name);
            try {
                Fd.check("ftruncate", name, Syscall.syscall(SyscallNumber.__NR_ftruncate, fd.number(), lengthBytes, 0));
                return fd;
            } catch (LinuxException e) {
                fd.close();
                throw e;
            }
        }
    }

    /**
     * Gives pages of private memory back to the host; they are zero when next touched. Allocates nothing.
     *
     * @param memory of a mapping that is private: of a shared one the file would keep the pages
     * @param offsetBytes a multiple of the size of the mapping's pages, as is {@code lengthBytes}
     * @return 0, or a negated error number
     */
    public static long discard(MemorySegment memory, long offsetBytes, long lengthBytes) {
        return advise(memory, offsetBytes, lengthBytes, MADV_DONTNEED);
    }

    /**
     * Has the host provide pages now that are else provided when first touched. What they hold stays.
     *
     * @param memory of a mapping
     * @param offsetBytes a multiple of 4096, as is {@code lengthBytes}
     * @return 0, or a negated error number: {@link Errno#EINVAL} from Linux before 5.14
     */
    public static long populate(MemorySegment memory, long offsetBytes, long lengthBytes) {
        return advise(memory, offsetBytes, lengthBytes, MADV_POPULATE_WRITE);
    }

    /**
     * How many pages of a mapping the host has provided ({@code mincore(2)}), of whatever size: a huge one counts as many.
     *
     * @param memory of a mapping
     * @param offsetBytes a multiple of {@value #PAGE_BYTES}, as is {@code lengthBytes}
     * @param scratch a byte for each page, overwritten; its size is a multiple of 8
     * @return pages of {@value #PAGE_BYTES} bytes, or a negated error number
     */
    public static long residentPages(MemorySegment memory, long offsetBytes, long lengthBytes, MemorySegment scratch) {
        Objects.checkFromIndexSize(offsetBytes, lengthBytes, memory.byteSize());
        scratch.fill((byte) 0);
        Objects.checkFromIndexSize(0, lengthBytes / PAGE_BYTES, scratch.byteSize());
        long result = Syscall.syscall(
                SyscallNumber.__NR_mincore, memory.address() + offsetBytes, lengthBytes, scratch.address());
        if (result < 0) {
            return result;
        }
        long pages = 0;
        for (long i = 0; i < scratch.byteSize(); i += Long.BYTES) {
            pages += Long.bitCount(scratch.get(JAVA_LONG_UNALIGNED, i) & RESIDENT_BITS);
        }
        return pages;
    }

    /** The mapped bytes. */
    public MemorySegment segment() {
        return segment;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Syscall.syscall(SyscallNumber.__NR_munmap, reservedAddress, reservedBytes, 0);
        }
    }

    private static long advise(MemorySegment memory, long offsetBytes, long lengthBytes, int advice) {
        Objects.checkFromIndexSize(offsetBytes, lengthBytes, memory.byteSize());
        return Syscall.syscall(SyscallNumber.__NR_madvise, memory.address() + offsetBytes, lengthBytes, advice);
    }

    private static Mapping owned(long address, long lengthBytes) {
        return new Mapping(segment(address, lengthBytes), address, lengthBytes);
    }

    private static MemorySegment segment(long address, long lengthBytes) {
        return MemorySegment.ofAddress(address).reinterpret(lengthBytes);
    }

    private static long mmap(long lengthBytes, int flags, int fd, long offsetBytes, String object) {
        return mmap(lengthBytes, PROT_READ | PROT_WRITE, flags, fd, offsetBytes, object);
    }

    private static long mmap(long lengthBytes, int protection, int flags, int fd, long offsetBytes, String object) {
        return Fd.check(
                "mmap",
                object,
                Syscall.syscall(SyscallNumber.__NR_mmap, 0, lengthBytes, protection, flags, fd, offsetBytes));
    }
}
