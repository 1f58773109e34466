package dev.lull.agent.cli;

import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.machine.ScaledCounterConfig;
import java.nio.file.Path;
import java.util.List;
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
 * @param pins the host's CPU of each vCPU; empty for any
 * @param scaledCounter the guest's counter of its own frequency; null for the host's
 * @param idle what to do in the guest's idle time; null for nothing
 * @param devices the guest's devices
 * @param countersFile where the devices' counters are to be read, if the user says so
 * @param stats whether to print the tables of exits and devices
 * @param statsFile where to write their histograms, if anywhere
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
        List<Integer> pins,
        @Nullable ScaledCounterConfig scaledCounter,
        @Nullable IdleOptions idle,
        List<DeviceConfig> devices,
        @Nullable Path countersFile,
        boolean stats,
        @Nullable Path statsFile,
        boolean bootTimer,
        boolean debug) {
    static final String DEFAULT_COMMAND_LINE = "console=ttyS0";
    static final String DEFAULT_MEMORY = "256M";
    static final String DEFAULT_CPUS = "1";
}
