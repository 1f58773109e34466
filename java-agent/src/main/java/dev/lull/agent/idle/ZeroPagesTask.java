package dev.lull.agent.idle;

import dev.lull.agent.machine.Management;
import dev.lull.device.memory.GuestMemory;
import dev.lull.idle.IdleOutcome;
import dev.lull.idle.IdleUnavailable;
import dev.lull.idle.NativeTask;
import dev.lull.idle.ZeroPages;
import dev.lull.linux.LinuxException;
import dev.lull.linux.Mapping;

/** Gives pages of a guest that are all zero back to the host. The guest need not know: it reads zeros there as before. */
public final class ZeroPagesTask implements Task {
    private static final long MIB = 1 << 20;
    private static final double NANOS_PER_MICRO = 1e3;

    private final String machine;
    private final ZeroPages pages;

    /**
     * One walk through the memory of {@code machine}.
     *
     * @throws IdleUnavailable if its memory is of the pool of huge pages, or this process may not hold up writes to it
     */
    public ZeroPagesTask(Management machine) {
        this.machine = machine.name();
        if (machine.memoryPageBytes() != Mapping.PAGE_BYTES) {
            throw new IdleUnavailable(this.machine
                    + ": its memory is of the host's pool of huge pages, which go back with the machine only; make it"
                    + " without --hugepages");
        }
        GuestMemory memory = machine.memory();
        pages = new ZeroPages(
                memory.regions().stream().map(GuestMemory.Region::segment).toList(), memory.reads());
    }

    @Override
    public String name() {
        return TaskKind.ZERO_PAGES.toString();
    }

    @Override
    public IdleOutcome step(long budgetNanos) {
        IdleOutcome outcome = pages.step(budgetNanos);
        return outcome == IdleOutcome.DONE ? nativeDone() : outcome;
    }

    @Override
    public NativeTask nativeWork() {
        return pages;
    }

    /** @throws LinuxException if the host refused what it had allowed */
    @Override
    public IdleOutcome nativeDone() {
        if (pages.error() != 0) {
            throw new LinuxException("giving back zero pages", machine, pages.error());
        }
        return IdleOutcome.DONE;
    }

    /** What was found and given back. */
    public ZeroPages pages() {
        return pages;
    }

    @Override
    public String result() {
        return "%d MiB seen: %d MiB given back, %d MiB of zeros left in huge pages; writers waited %.1f us at the most%s"
                .formatted(
                        pages.bytes() / MIB,
                        pages.returnedBytes() / MIB,
                        pages.keptPages() * Mapping.PAGE_BYTES / MIB,
                        pages.longestHoldNanos() / NANOS_PER_MICRO,
                        pages.isPutOff() ? "; waits for a disk" : "");
    }

    @Override
    public void close() {
        pages.close();
    }
}
