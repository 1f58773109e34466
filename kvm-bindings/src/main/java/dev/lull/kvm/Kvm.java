package dev.lull.kvm;

import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;

/** An open {@code /dev/kvm}: what this host's KVM can do, and the maker of VMs. {@code linux/kvm.h}, "ioctls for /dev/kvm fds". */
public final class Kvm extends KvmFd {
    /** Where Linux puts the device. */
    public static final String DEVICE = "/dev/kvm";

    private Kvm(Fd fd) {
        super(fd);
    }

    /**
     * Opens {@link #DEVICE}.
     *
     * @throws dev.lull.linux.LinuxException with {@code ENOENT}, {@code EACCES} or {@code ENODEV} where there is no KVM
     *     for this user
     * @throws KvmException with {@code EINVAL} if it does not speak API version 12
     */
    public static Kvm open() {
        Kvm kvm = new Kvm(Fd.open(DEVICE, LinuxConstants.O_RDWR));
        try {
            int version = kvm.ioctl("KVM_GET_API_VERSION", KvmConstants.KVM_GET_API_VERSION, 0);
            if (version != KvmConstants.KVM_API_VERSION) {
                throw new KvmException("KVM_GET_API_VERSION (got " + version + ")", DEVICE, 22);
            }
            return kvm;
        } catch (KvmException e) {
            kvm.close();
            throw e;
        }
    }

    /**
     * {@code KVM_CHECK_EXTENSION}: 0 where the capability is missing, otherwise its value.
     *
     * @param capability {@code KVM_CAP_…} of {@link KvmConstants}
     */
    public int capability(int capability) {
        return ioctl("KVM_CHECK_EXTENSION", KvmConstants.KVM_CHECK_EXTENSION, capability);
    }

    /** The most vCPUs one VM may have. */
    public int maxVcpus() {
        return capability(KvmConstants.KVM_CAP_MAX_VCPUS);
    }

    /** The CPUID leaves this host's processor and KVM can give a guest. */
    public CpuId supportedCpuid() {
        return CpuId.supportedBy(this);
    }

    /**
     * Makes an empty VM.
     *
     * @param name for messages
     */
    public VmFd createVm(String name) {
        int vm = ioctl("KVM_CREATE_VM", KvmConstants.KVM_CREATE_VM, 0);
        int runBytes;
        try {
            runBytes = ioctl("KVM_GET_VCPU_MMAP_SIZE", KvmConstants.KVM_GET_VCPU_MMAP_SIZE, 0);
        } catch (KvmException e) {
            new Fd(vm, name).close();
            throw e;
        }
        return new VmFd(new Fd(vm, name), runBytes);
    }
}
