package dev.lull.agent.lab;

/** Debian's generic kernel, as an ELF file. */
class GenericVmlinuxTest extends LinuxGuest {
    GenericVmlinuxTest() {
        super("generic", "vmlinux");
    }
}
