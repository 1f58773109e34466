package dev.lull.agent.idle;

import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.Management;
import dev.lull.idle.IdleUnavailable;
import dev.lull.idle.RestingVcpu;
import dev.lull.kvm.VcpuStats;
import dev.lull.linux.NativeThread;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Lends the idle time of guests to tasks: a worker for each CPU that is the home of vCPUs, and a housekeeper for tasks that are past
 * their deadline. One of a process; it takes no CPU time while there are no tasks.
 */
public final class IdleScheduler implements AutoCloseable {
    private final IdleSettings settings;
    private final IdleEvents events;
    private final TaskQueue queue = new TaskQueue();
    private final Map<Integer, IdleWorker> workers = new TreeMap<>();
    private final List<IdleMachine> machines = new ArrayList<>();
    private final Housekeeper housekeeper;

    /** The process's, as of a thread that is not bound. */
    private final BitSet cpus = NativeThread.affinity();

    private int lastTaskId;
    private boolean closed;

    private IdleScheduler(IdleSettings settings, IdleEvents events) {
        this.settings = settings;
        this.events = events;
        this.housekeeper = new Housekeeper(queue, settings, events, this::housekeepingCpus);
    }

    /** A scheduler without machines. */
    public static IdleScheduler create(IdleSettings settings, IdleEvents events) {
        return new IdleScheduler(settings, events);
    }

    /**
     * Begins to use the idle time of {@code machine}, until it is closed.
     *
     * @throws IdleUnavailable if its vCPUs are not bound to CPUs, or this host does not tell when they rest
     */
    public synchronized IdleMachine watch(Machine machine) {
        if (closed) {
            throw new IllegalStateException("the scheduler was closed");
        }
        Management management = machine.management();
        if (management.pins().isEmpty()) {
            throw new IdleUnavailable(management.name()
                    + ": its vCPUs have no home whose idle time could be used; bind them to CPUs (--pin)");
        }
        Map<RestingVcpu, IdleWorker> homes = new LinkedHashMap<>();
        for (VcpuStats stats : management.stats()) {
            homes.put(new RestingVcpu(stats), worker(management.pins().get(homes.size())));
        }
        IdleMachine watched = new IdleMachine(this, management, queue, homes);
        homes.values().stream()
                .distinct()
                .forEach(worker -> worker.add(
                        watched,
                        homes.entrySet().stream()
                                .filter(home -> home.getValue() == worker)
                                .map(Map.Entry::getKey)
                                .toList()));
        machines.add(watched);
        management.onEnd(watched::close);
        return watched;
    }

    /** The CPUs that have a worker, and its processor time in nanoseconds. */
    public synchronized Map<Integer, Long> workerCpuNanos() {
        Map<Integer, Long> nanos = new TreeMap<>();
        workers.forEach((cpu, worker) -> nanos.put(cpu, worker.cpuNanos()));
        return nanos;
    }

    /** What was found and done on each CPU that is a home of vCPUs. */
    public synchronized List<IdleCpu> cpus() {
        return workers.values().stream().map(IdleWorker::report).toList();
    }

    /** Ends all tasks, and waits for the workers to end. */
    @Override
    public void close() {
        List<IdleMachine> watched;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            watched = List.copyOf(machines);
        }
        watched.forEach(IdleMachine::close);
        queue.close();
        housekeeper.join();
        workers.values().forEach(IdleWorker::join);
    }

    synchronized void forget(IdleMachine machine) {
        machines.remove(machine);
    }

    IdleSettings settings() {
        return settings;
    }

    synchronized int nextTaskId() {
        // Told apart in records of 16 bits, for as long as anybody looks.
        lastTaskId = (lastTaskId + 1) & 0xffff;
        return lastTaskId;
    }

    /** Where what is not to be in anybody's idle time is done: on CPUs that are no vCPU's home, if there are any. */
    synchronized BitSet housekeepingCpus() {
        BitSet wanted = (BitSet) settings.housekeepingCpus().clone();
        if (wanted.isEmpty()) {
            wanted.or(cpus);
            workers.keySet().forEach(wanted::clear);
        }
        wanted.and(cpus);
        return wanted.isEmpty() ? (BitSet) cpus.clone() : wanted;
    }

    private IdleWorker worker(int cpu) {
        IdleWorker worker = workers.get(cpu);
        if (worker == null) {
            worker = new IdleWorker(cpu, queue, settings, events, this::housekeepingCpus);
            workers.put(cpu, worker);
            CompilerThreads.keepTo(housekeepingCpus());
        }
        return worker;
    }
}
