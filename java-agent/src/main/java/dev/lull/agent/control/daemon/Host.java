package dev.lull.agent.control.daemon;

import dev.lull.agent.control.http.HttpLoop;
import dev.lull.agent.control.vm.IdleTime;
import dev.lull.agent.metrics.CountersRefresher;
import java.util.concurrent.Executor;

/**
 * What the machines of a daemon share.
 *
 * @param executor runs what waits
 * @param counters keeps the machines' counters up to date
 * @param idle uses the machines' idle time
 */
record Host(
        LulldConfig config,
        HttpLoop loop,
        Executor executor,
        Events events,
        CountersRefresher counters,
        IdleTime idle) {}
