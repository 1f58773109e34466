package dev.lull.agent.lab;

/** Debian's cloud kernel, as a bzImage. */
class CloudBzImageTest extends LinuxGuest {
    CloudBzImageTest() {
        super("cloud", "vmlinuz");
    }
}
