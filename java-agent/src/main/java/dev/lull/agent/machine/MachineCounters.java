package dev.lull.agent.machine;

import dev.lull.device.memory.GuestMemory;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersManager;
import org.jspecify.annotations.Nullable;

/**
 * What a machine as a whole counts beside its devices, in the same file. vCPUs do not write here: what they account for
 * themselves is copied, now and then, by whoever keeps house. Used by one thread at a time.
 *
 * <p>{@value #TIME} is the monotonic clock's at the last {@link #refresh}, and 0 during one: a reader that finds it the same
 * before and after, and not 0, has values of one moment. Rates are their differences over the difference of this.
 */
final class MachineCounters {
    static final String TIME = "time-nanos";
    static final String MEMORY = "memory";
    static final String RESIDENT = ".resident-bytes";
    static final String VCPU = "vcpu";
    static final String EXITS = ".exits";
    static final String BUSY = ".busy-nanos";
    static final String STATE = ".state";
    static final String COUNTER = "counter";
    static final String REFUSED = ".refused-addresses";

    /** A look at 16 MiB: some microseconds, for a guest that rests. */
    private static final int PIECES_AT_REST = 1;

    /** A look at 512 MiB, for a guest that works, or was not looked at as a whole before. */
    private static final int PIECES_AT_WORK = 32;

    /** The part of a processor from which on a guest is said to work. */
    private static final int WORK_DIVISOR = 100;

    private record VcpuCounters(Vcpu vcpu, AtomicCounter exits, AtomicCounter busyNanos, AtomicCounter state) {}

    private final List<VcpuCounters> vcpus = new ArrayList<>();
    private final @Nullable ScaledCounter scaledCounter;
    private final @Nullable AtomicCounter refusedAddresses;
    private final AtomicCounter residentBytes;
    private final AtomicCounter timeNanos;
    private final ResidentMemory resident;
    private long lastNanos;

    MachineCounters(
            CountersManager counters, List<Vcpu> vcpus, GuestMemory memory, @Nullable ScaledCounter scaledCounter) {
        for (int id = 0; id < vcpus.size(); id++) {
            this.vcpus.add(new VcpuCounters(
                    vcpus.get(id),
                    newCounter(counters, VCPU + id + EXITS),
                    newCounter(counters, VCPU + id + BUSY),
                    newCounter(counters, VCPU + id + STATE)));
        }
        this.scaledCounter = scaledCounter;
        refusedAddresses = scaledCounter == null ? null : newCounter(counters, COUNTER + REFUSED);
        residentBytes = newCounter(counters, MEMORY + RESIDENT);
        timeNanos = newCounter(counters, TIME);
        resident = new ResidentMemory(memory);
    }

    /** Writes what holds at {@code nowNanos}, a time of the monotonic clock. */
    void refresh(long nowNanos) {
        timeNanos.setRelease(0);
        long busyNanos = 0;
        for (VcpuCounters vcpu : vcpus) {
            vcpu.exits.setRelease(vcpu.vcpu.stats().total());
            vcpu.state.setRelease(vcpu.vcpu.state().code());
            long cpuNanos = vcpu.vcpu.cpuNanos();
            if (cpuNanos >= 0) {
                busyNanos += cpuNanos - vcpu.busyNanos.getPlain();
                vcpu.busyNanos.setRelease(cpuNanos);
            }
        }
        if (scaledCounter != null && refusedAddresses != null) {
            refusedAddresses.setRelease(scaledCounter.refusedAddresses());
        }
        boolean works = busyNanos > (nowNanos - lastNanos) / WORK_DIVISOR;
        resident.look(works || !resident.isWhole() ? PIECES_AT_WORK : PIECES_AT_REST);
        residentBytes.setRelease(resident.bytes());
        timeNanos.setRelease(nowNanos);
        lastNanos = nowNanos;
    }

    private static AtomicCounter newCounter(CountersManager counters, String label) {
        return counters.newCounter(label, CountersFile.MACHINE_TYPE_ID);
    }
}
