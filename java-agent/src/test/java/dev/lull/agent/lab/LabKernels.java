package dev.lull.agent.lab;

import dev.lull.agent.machine.GuestConsole;
import dev.lull.agent.machine.MachineConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The kernels and the guest's initrd that the lab's set-up made. */
final class LabKernels {
    private LabKernels() {}

    /** {@code image} is vmlinuz or vmlinux, {@code flavour} cloud or generic. */
    static Path kernel(String flavour, String image) {
        return cache().resolve("kernels").resolve(flavour).resolve(image);
    }

    /** The modules of that kernel. */
    static Path modules(String flavour) throws IOException {
        Path kernel = cache().resolve("kernels").resolve(flavour);
        String release = Files.readString(kernel.resolve("release")).strip();
        return kernel.resolve("lib/modules").resolve(release);
    }

    static Path initrd() {
        return cache().resolve("guest").resolve("initrd");
    }

    /** A machine that boots one of them and does {@code action}, see {@code native/guest/init.c}. */
    static MachineConfig.Builder config(String flavour, String image, String action, GuestConsole console) {
        return MachineConfig.kernel(kernel(flavour, image))
                .initrd(initrd())
                .commandLine("console=ttyS0 quiet lull.do=" + action)
                .consoleOutput(console);
    }

    /** A file of the Debian guest, see {@code perf/lab/README.md}: disk.img, vmlinuz, initrd.img. */
    static Path debian(String file) {
        return cache().resolve("guest/debian").resolve(file);
    }

    /** The initrd that runs commands on the Debian guest's read-only disk. */
    static Path quickInitrd() {
        return cache().resolve("guest/quick");
    }

    /** A program of {@code native/guest/tool}, for the host; the quick guest has it in its PATH. */
    static Path tool(String name) {
        return cache().resolve("guest/tools").resolve(name);
    }

    private static Path cache() {
        return Path.of(System.getenv("LULL_CACHE"));
    }
}
