package dev.lull.agent.control.vm;

import dev.lull.agent.metrics.CountersRefresher;
import dev.lull.device.legacy.SerialPort;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What surrounds a virtual machine.
 *
 * @param console takes what the guest sends to its serial console, unless the configuration names a file for it
 * @param countersFile where its counters can be read while it runs; null for nowhere
 * @param counters keeps them up to date; null for nobody
 * @param executor runs what waits: its end is seen to there
 * @param onBoot told how long the guest took to its first process, in nanoseconds, if it says so
 * @param idle uses its idle time, if its vCPUs are bound to CPUs
 */
public record VmSite(
        SerialPort.Output console,
        @Nullable Path countersFile,
        @Nullable CountersRefresher counters,
        Executor executor,
        LongConsumer onBoot,
        IdleTime idle,
        VmObserver observer) {}
