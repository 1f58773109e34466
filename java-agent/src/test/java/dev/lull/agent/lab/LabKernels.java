package dev.lull.agent.lab;

import java.nio.file.Path;

/** The kernels and the guest's initrd that the lab's set-up made. */
final class LabKernels {
    private LabKernels() {}

    /** {@code image} is vmlinuz or vmlinux, {@code flavour} cloud or generic. */
    static Path kernel(String flavour, String image) {
        return cache().resolve("kernels").resolve(flavour).resolve(image);
    }

    static Path initrd() {
        return cache().resolve("guest").resolve("initrd");
    }

    private static Path cache() {
        return Path.of(System.getenv("LULL_CACHE"));
    }
}
