package dev.lull.kvm;

import dev.lull.linux.LinuxException;
import java.io.Serial;

/** A KVM request that failed, or a vCPU that KVM cannot run any further. */
public final class KvmException extends LinuxException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** @see LinuxException#LinuxException(String, String, int) */
    public KvmException(String operation, String object, int errno) {
        super(operation, object, errno);
    }
}
