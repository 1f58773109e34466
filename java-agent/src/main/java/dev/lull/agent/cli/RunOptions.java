package dev.lull.agent.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What {@code lull run} is asked for.
 *
 * @param kernel Linux bzImage or vmlinux
 * @param initrd initial RAM disk, if any
 * @param commandLine the kernel's command line
 * @param memoryBytes guest RAM
 * @param cpus number of vCPUs
 * @param hugePages whether guest RAM comes from the pool of 2 MiB pages
 * @param stats whether to print the exit table
 * @param statsFile where to write the exits' histograms, if anywhere
 * @param bootTimer whether to say when the guest signals that it has booted
 * @param debug whether to show where in Lull an error arose
 */
record RunOptions(
        Path kernel,
        @Nullable Path initrd,
        String commandLine,
        long memoryBytes,
        int cpus,
        boolean hugePages,
        boolean stats,
        @Nullable Path statsFile,
        boolean bootTimer,
        boolean debug) {
    static final String DEFAULT_COMMAND_LINE = "console=ttyS0";
    static final String DEFAULT_MEMORY = "256M";
    static final String DEFAULT_CPUS = "1";
}
