package dev.lull.agent.lab;

/** Debian's generic kernel, as a bzImage. */
class GenericBzImageTest extends LinuxGuest {
    GenericBzImageTest() {
        super("generic", "vmlinuz");
    }
}
