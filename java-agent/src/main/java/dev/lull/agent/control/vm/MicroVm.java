package dev.lull.agent.control.vm;

import dev.lull.agent.control.dialect.Command;
import dev.lull.agent.control.dialect.Command.Phase;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineEnd;
import dev.lull.agent.mmds.Mmds;
import dev.lull.agent.mmds.MmdsStore;
import dev.lull.idle.IdleUnavailable;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A virtual machine as the API has it: configured, started, changed while it runs, ended, and started again.
 *
 * <p>Commands take their turn, and those that change something may wait: on a thread that may. What is read is read at
 * once, from any thread, and is never torn.
 */
public final class MicroVm implements AutoCloseable {
    private static final Duration OFF_LIMIT = Duration.ofSeconds(10);

    private final String id;
    private final UUID uuid;
    private final Instant createdAt = Instant.now();
    private final VmSite site;
    private final VmOutput output;
    private final Mmds mmds;
    private final VmCommands commands = new VmCommands(this);
    private final VmDescription description = new VmDescription(this);

    private volatile VmSettings settings = VmSettings.NONE;
    private volatile @Nullable Machine machine;
    private volatile VmState state = VmState.NOT_STARTED;
    private volatile @Nullable Instant startedAt;
    private volatile @Nullable VmEnding lastEnding;
    private volatile @Nullable VmIdle idle;
    private volatile String noIdle = "";

    /** Held to write while the machine is closed: its counters' memory goes then. */
    private final ReadWriteLock reading = new ReentrantReadWriteLock();

    private boolean closed;

    /** A machine that nothing is configured of. */
    public MicroVm(String id, UUID uuid, VmSite site) {
        this(id, uuid, site, MmdsStore.DEFAULT_LIMIT_BYTES);
    }

    /** @param mmdsLimitBytes the most its metadata may be */
    public MicroVm(String id, UUID uuid, VmSite site, int mmdsLimitBytes) {
        this.id = id;
        this.uuid = uuid;
        this.site = site;
        this.output = new VmOutput(this);
        this.mmds = new Mmds(id, mmdsLimitBytes);
    }

    /** The name its user gave it. */
    public String id() {
        return id;
    }

    /** Tells it from all others anywhere. */
    public UUID uuid() {
        return uuid;
    }

    /** When it was made. */
    public Instant createdAt() {
        return createdAt;
    }

    /** When it was started, if it runs. */
    public @Nullable Instant startedAt() {
        return startedAt;
    }

    /** What it is doing. */
    public VmState state() {
        return state;
    }

    /** What is configured. */
    public VmSettings settings() {
        return settings;
    }

    /** How it ended last; null if it never has. */
    public @Nullable VmEnding lastEnding() {
        return lastEnding;
    }

    /**
     * Makes it what an earlier process knew: configured, whether or not that is still possible, which its start will show.
     *
     * @param configuration of {@code VmDocument}
     */
    public void restore(List<Command> configuration, @Nullable VmEnding ending) {
        lastEnding = ending;
        VmSettings restored = settings;
        for (Command command : configuration) {
            restored = restored.restored(command);
        }
        setSettings(restored);
    }

    /** All that is configured, as {@code GET /vm/config} answers. */
    public Map<String, @Nullable Object> configuration() {
        return VmDescription.configuration(settings);
    }

    /** Where its console, log and metrics go. */
    public VmOutput output() {
        return output;
    }

    /** Its metadata service. */
    Mmds mmds() {
        return mmds;
    }

    /** The machine while it runs, or null. */
    public @Nullable Machine machine() {
        return machine;
    }

    /**
     * Reads of the machine what it counts, while it is there to be read; from any thread, without waiting for commands.
     *
     * @param otherwise the answer if it does not run
     */
    public <T> T read(Function<Machine, T> reader, T otherwise) {
        reading.readLock().lock();
        try {
            Machine running = machine;
            return running == null ? otherwise : reader.apply(running);
        } finally {
            reading.readLock().unlock();
        }
    }

    /** Its idle time; null if that is not used. */
    public @Nullable VmIdle idle() {
        return idle;
    }

    /** Why its idle time is not used, in a line; empty if it is. */
    public String noIdle() {
        return noIdle;
    }

    /** Its idle time is used from now on, if that can be; a machine that is about to start. */
    void watch(Machine made) {
        if (settings.machine().cpuPins().isEmpty()) {
            noIdle = "its vCPUs have no home whose idle time could be used; stop the microVM, give cpu_pins in "
                    + "PATCH /machine-config, and start it again";
            return;
        }
        try {
            idle = site.idle().watch(made, this::warn);
            noIdle = "";
        } catch (IdleUnavailable e) {
            noIdle = String.valueOf(e.getMessage());
        }
    }

    /** What surrounds it. */
    VmSite site() {
        return site;
    }

    /**
     * Does what is asked. Waits for earlier commands, and for the guest where it must answer; not for a {@link
     * Command#reads} command, which any thread may give.
     *
     * @return the answer as a value for {@code Json}, or null if there is none but that it was done
     * @throws RefusalException if it cannot be done
     * @throws InterruptedException if the calling thread is interrupted while it waits
     */
    public @Nullable Object execute(Command command) throws InterruptedException {
        if (command instanceof Command.Describe describe) {
            requirePhase(command);
            return description.of(describe.subject());
        }
        synchronized (this) {
            if (closed) {
                throw new RefusalException(404, "The microVM is being removed.");
            }
            requirePhase(command);
            return commands.execute(command);
        }
    }

    /**
     * Ends it, if it runs: by its power button, and when the guest has not turned it off within {@code grace}, at once.
     * Returns when it holds nothing any more.
     *
     * @throws InterruptedException if the calling thread is interrupted while it waits
     */
    public void stop(Duration grace) throws InterruptedException {
        Machine running = machine;
        if (running == null) {
            // Whoever gives back what an ended machine holds has the lock until that is done.
            synchronized (this) {
                return;
            }
        }
        if (!grace.isZero() && state == VmState.RUNNING) {
            running.pressPowerButton();
            awaitNotStarted(running, grace);
        }
        running.stop();
        awaitNotStarted(running, OFF_LIMIT);
    }

    /** Ends it at once, for good. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        Machine running = machine;
        if (running != null) {
            running.stop();
            finish(running);
        }
        output.close();
    }

    /** On a thread that may not wait: the machine has ended. */
    void onEnd(MachineEnd end) {
        Machine ended = machine;
        if (ended != null) {
            site.executor().execute(() -> finish(ended));
        }
    }

    /** The machine was made, and runs. */
    void started(Machine made) {
        startedAt = Instant.now();
        if (site.counters() != null) {
            site.counters().add(made);
        }
        setState(VmState.RUNNING);
    }

    void setMachine(@Nullable Machine made) {
        machine = made;
        if (made == null) {
            idle = null;
            noIdle = "";
        }
    }

    void setSettings(VmSettings changed) {
        settings = changed;
        site.observer().configured(this);
    }

    void setState(VmState changed) {
        if (state != changed) {
            state = changed;
            site.observer().changed(this, changed);
        }
    }

    void warn(String warning) {
        output.warn(warning);
        site.observer().warned(this, warning);
    }

    private void requirePhase(Command command) {
        boolean runs = machine != null;
        if (command.phase() == Phase.BEFORE_START && runs) {
            throw new RefusalException("The requested operation is not supported after starting the microVM.");
        }
        if (command.phase() == Phase.AFTER_START && !runs) {
            throw new RefusalException("The requested operation is not supported before starting the microVM.");
        }
    }

    /** Gives back what an ended machine holds; once, by whoever comes first. */
    private void finish(Machine ended) {
        MachineEnd end;
        synchronized (this) {
            if (machine != ended) {
                return;
            }
            if (site.counters() != null) {
                site.counters().remove(ended);
            }
            output.ended();
            reading.writeLock().lock();
            try {
                setMachine(null);
                ended.close();
            } finally {
                reading.writeLock().unlock();
            }
            end = ended.end();
            startedAt = null;
            if (end != null) {
                lastEnding = new VmEnding(end.kind().name(), end.message(), Instant.now());
            }
            setState(VmState.NOT_STARTED);
            notifyAll();
        }
        if (end != null) {
            site.observer().ended(this, end);
        }
    }

    private synchronized void awaitNotStarted(Machine running, Duration limit) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        long leftNanos = limit.toNanos();
        while (machine == running && leftNanos > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, leftNanos);
            leftNanos = deadlineNanos - System.nanoTime();
        }
    }
}
