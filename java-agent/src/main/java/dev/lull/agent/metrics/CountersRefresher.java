package dev.lull.agent.metrics;

import dev.lull.agent.machine.Machine;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Keeps what nobody counts as it happens up to date in the counters files of all machines of this process ({@link
 * Machine#refreshCounters}): one thread, once a second, some microseconds a machine.
 */
public final class CountersRefresher implements AutoCloseable {
    private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final List<Machine> machines = new CopyOnWriteArrayList<>();
    private final Consumer<String> warnings;
    private final ScheduledExecutorService thread;

    /** @param warnings takes a line for a person when a machine's counters cannot be kept */
    public CountersRefresher(Consumer<String> warnings) {
        this(warnings, PERIOD_NANOS);
    }

    CountersRefresher(Consumer<String> warnings, long periodNanos) {
        this.warnings = warnings;
        thread = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("lull-counters").daemon().factory());
        ScheduledFuture<?> _ = thread.scheduleWithFixedDelay(
                () -> machines.forEach(this::refresh), periodNanos, periodNanos, TimeUnit.NANOSECONDS);
    }

    /** Refreshes {@code machine}'s counters now, and then until {@link #remove}. */
    public void add(Machine machine) {
        machines.add(machine);
        refresh(machine);
    }

    /** Lets {@code machine} be, which may be closed already. */
    public void remove(Machine machine) {
        machines.remove(machine);
    }

    /** Ends the thread. */
    @Override
    public void close() {
        thread.shutdown();
    }

    private void refresh(Machine machine) {
        try {
            machine.refreshCounters();
        } catch (RuntimeException e) {
            machines.remove(machine);
            warnings.accept(machine.name() + ": its counters are not kept any further: " + e);
        }
    }
}
