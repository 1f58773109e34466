package dev.lull.perf.boot;

import java.nio.file.Path;

/**
 * The guest every subject boots: the same kernel, initial RAM disk and command line, 256 MiB and one vCPU.
 *
 * @param kernel a bzImage
 * @param initrd the small guest, {@code native/guest/init.c}
 */
record Guest(Path kernel, Path initrd) {
    /** What the guest's first process prints before all else. */
    static final String MARKER = "lull-guest: init";

    static final String COMMAND_LINE = "console=ttyS0 quiet lull.do=poweroff";

    static final String MEMORY_MIB = "256";

    static final String VCPUS = "1";
}
