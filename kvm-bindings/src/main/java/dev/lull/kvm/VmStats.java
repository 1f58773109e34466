package dev.lull.kvm;

import dev.lull.linux.Fd;

/** KVM's own account of a virtual machine. */
public final class VmStats extends KvmStats {
    /** How many pages of 4096 bytes are in the tables by which its vCPUs reach memory: those touched since they were taken out. */
    public static final String PAGES_4K = "pages_4k";

    /** The same of 2 MiB. */
    public static final String PAGES_2M = "pages_2m";

    /** The same of 1 GiB. */
    public static final String PAGES_1G = "pages_1g";

    VmStats(Fd fd) {
        super(fd);
    }
}
