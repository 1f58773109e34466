package dev.lull.kvm;

import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** What the three kinds of KVM descriptor share: ioctls that fail with a {@link KvmException}. */
abstract sealed class KvmFd implements AutoCloseable permits Kvm, VmFd, VcpuFd {
    final Fd fd;

    KvmFd(Fd fd) {
        this.fd = fd;
    }

    /** The descriptor's number, owned by this object. */
    public final int number() {
        return fd.number();
    }

    /**
     * Is begun anew after {@code EINTR}, which {@code KVM_CREATE_VM} fails with for as little as the end of an io_uring this
     * thread once made; {@code KVM_RUN}, for which it means something, does not come this way.
     */
    final int ioctl(String operation, long request, long argument) {
        int result;
        do {
            result = fd.tryIoctl(request, argument);
        } while (result == -Errno.EINTR);
        if (result < 0) {
            throw new KvmException(operation, fd.name(), -result);
        }
        return result;
    }

    final int ioctl(String operation, long request, MemorySegment argument) {
        try {
            return ioctl(operation, request, argument.address());
        } finally {
            Reference.reachabilityFence(argument);
        }
    }

    @Override
    public void close() {
        fd.close();
    }

    @Override
    public final String toString() {
        return fd.toString();
    }
}
