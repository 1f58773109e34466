package dev.lull.agent.control.vm;

import dev.lull.agent.idle.IdleCpu;
import dev.lull.agent.idle.IdleEvents;
import dev.lull.agent.idle.IdleMachine;
import dev.lull.agent.idle.IdleScheduler;
import dev.lull.agent.idle.IdleSettings;
import dev.lull.agent.idle.Submission;
import dev.lull.agent.machine.Machine;
import dev.lull.idle.IdleUnavailable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The idle time of all virtual machines of a process: one scheduler, made when the first machine is started that it can watch. */
public final class IdleTime implements AutoCloseable {
    private static final long SAMPLE_SECONDS = 1;

    private final Map<IdleMachine, VmIdle> watched = new ConcurrentHashMap<>();
    private final IdleEvents events = new IdleEvents() {
        @Override
        public void failed(Submission work, Throwable fault) {
            VmIdle vm = watched.get(work.machine());
            if (vm != null) {
                vm.failed(work, fault);
            }
        }
    };
    private @Nullable IdleScheduler scheduler;
    private @Nullable ScheduledExecutorService sampler;
    private boolean closed;

    /** What was found and done on each CPU that is a home of vCPUs; none before there was one. */
    public List<IdleCpu> cpus() {
        IdleScheduler made;
        synchronized (this) {
            made = scheduler;
        }
        return made == null ? List.of() : made.cpus();
    }

    /** Ends all tasks. */
    @Override
    public void close() {
        IdleScheduler made;
        synchronized (this) {
            closed = true;
            made = scheduler;
            if (sampler != null) {
                sampler.shutdown();
            }
        }
        if (made != null) {
            made.close();
        }
    }

    /**
     * Begins to use the idle time of a machine that is about to start, until its end.
     *
     * @param warnings takes a line for a person when a task fails
     * @throws IdleUnavailable if that cannot be
     */
    VmIdle watch(Machine machine, Consumer<String> warnings) {
        IdleMachine idle = scheduler().watch(machine);
        VmIdle vm = new VmIdle(machine.management(), idle, warnings);
        watched.put(idle, vm);
        machine.management().onEnd(() -> watched.remove(idle));
        return vm;
    }

    private synchronized IdleScheduler scheduler() {
        if (closed) {
            throw new IdleUnavailable("the service is about to end");
        }
        if (scheduler == null) {
            scheduler = IdleScheduler.create(IdleSettings.DEFAULT, events);
            ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("idle-sampler").daemon().factory());
            ScheduledFuture<?> _ = thread.scheduleWithFixedDelay(
                    () -> watched.values().forEach(VmIdle::sample), SAMPLE_SECONDS, SAMPLE_SECONDS, TimeUnit.SECONDS);
            sampler = thread;
        }
        return scheduler;
    }
}
