package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What {@code userfaultfd(2)} gives a process: it can write-protect pages of its memory so that whoever writes them waits, threads,
 * vCPUs and system calls, until the protection is taken off. The faults are reported to nobody.
 */
public final class UserFaults implements AutoCloseable {
    private static final String NAME = "userfaultfd";
    private static final int FLAGS = LinuxConstants.O_CLOEXEC | LinuxConstants.O_NONBLOCK;

    private final Fd fd;

    private UserFaults(Fd fd) {
        this.fd = fd;
    }

    /**
     * Opens one for faults of the kernel's as well as the process's own.
     *
     * @throws LinuxException with {@code EPERM} or {@code EACCES} where that is for others
     */
    public static UserFaults open() {
        Fd fd = create();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment api = arena.allocate(UserFaultsLayout.Api.SIZE, 8);
            api.set(JAVA_LONG, UserFaultsLayout.Api.API, UserFaultsLayout.Constants.UFFD_API);
            api.set(
                    JAVA_LONG,
                    UserFaultsLayout.Api.FEATURES,
                    UserFaultsLayout.Constants.UFFD_FEATURE_PAGEFAULT_FLAG_WP);
            fd.ioctl("UFFDIO_API", UserFaultsLayout.Constants.UFFDIO_API, api);
            return new UserFaults(fd);
        } catch (LinuxException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Makes it possible to write-protect pages of {@code memory}, until it is unmapped; again is once.
     *
     * @param memory whole pages of private anonymous mappings
     */
    public void register(MemorySegment memory) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment register = arena.allocate(UserFaultsLayout.Register.SIZE, 8);
            register.set(JAVA_LONG, UserFaultsLayout.Register.RANGE__START, memory.address());
            register.set(
                    JAVA_LONG, UserFaultsLayout.Register.RANGE__LEN, memory.byteSize() & -(long) Mapping.PAGE_BYTES);
            register.set(JAVA_LONG, UserFaultsLayout.Register.MODE, UserFaultsLayout.Constants.UFFDIO_REGISTER_MODE_WP);
            fd.ioctl("UFFDIO_REGISTER", UserFaultsLayout.Constants.UFFDIO_REGISTER, register);
        }
    }

    /** The descriptor's number; owned by this object. */
    public int number() {
        return fd.number();
    }

    /** Takes all protection off, and gives back the descriptor. */
    @Override
    public void close() {
        fd.close();
    }

    /** By the device, which needs no more than permission to open it, or by the system call, which needs privileges. */
    private static Fd create() {
        try (Fd device = Fd.open("/dev/userfaultfd", LinuxConstants.O_RDWR)) {
            return new Fd(
                    device.ioctl("USERFAULTFD_IOC_NEW", UserFaultsLayout.Constants.USERFAULTFD_IOC_NEW, FLAGS), NAME);
        } catch (LinuxException noDevice) {
            return new Fd(
                    (int) Fd.check(NAME, NAME, Syscall.syscall(SyscallNumber.__NR_userfaultfd, FLAGS, 0, 0)), NAME);
        }
    }
}
