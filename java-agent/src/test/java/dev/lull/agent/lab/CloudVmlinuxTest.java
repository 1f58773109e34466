package dev.lull.agent.lab;

/** Debian's cloud kernel, as an ELF file. */
class CloudVmlinuxTest extends LinuxGuest {
    CloudVmlinuxTest() {
        super("cloud", "vmlinux");
    }
}
