package dev.lull.agent.cli.top;

import dev.lull.agent.client.VmInfo;
import dev.lull.agent.machine.CountersReading;
import org.jspecify.annotations.Nullable;

/**
 * A machine at a moment.
 *
 * @param atNanos the moment, by the monotonic clock
 * @param counters what they said; null if they cannot be read
 */
record VmSample(VmInfo vm, long atNanos, @Nullable CountersReading counters) {}
