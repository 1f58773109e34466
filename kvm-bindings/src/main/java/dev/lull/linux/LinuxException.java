package dev.lull.linux;

import java.io.Serial;

/** A system call that failed: which one, on what, and the error number. */
public class LinuxException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final String operation;
    private final String object;
    private final int errno;

    /**
     * @param operation the call or ioctl, for example {@code mmap} or {@code KVM_CREATE_VM}
     * @param object what it was applied to, for example {@code /dev/kvm}
     * @param errno the error number the kernel gave
     */
    public LinuxException(String operation, String object, int errno) {
        this(operation, object, errno, operation + " on " + object + " failed: " + Errno.name(errno));
    }

    /** With a message that says more than these three. */
    protected LinuxException(String operation, String object, int errno, String message) {
        super(message);
        this.operation = operation;
        this.object = object;
        this.errno = errno;
    }

    /** The call or ioctl that failed. */
    public final String operation() {
        return operation;
    }

    /** What the call was applied to. */
    public final String object() {
        return object;
    }

    /** The error number, see {@link Errno}. */
    public final int errno() {
        return errno;
    }
}
