package dev.lull.paravirt.clock;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Reads a {@link CounterPage}, from any number of threads. Reading allocates nothing and waits for no lock, only for a
 * change under way.
 */
public final class CounterReader {
    private final MemorySegment page;
    private final HostTicks ticks;

    /**
     * A reader of {@code page}.
     *
     * @throws IllegalArgumentException if it is no such page, or of another version
     */
    public CounterReader(MemorySegment page, HostTicks ticks) {
        this.page = CounterPage.checked(page);
        this.ticks = ticks;
        int magic = page.get(JAVA_INT, CounterPage.MAGIC_OFFSET);
        VarHandle.acquireFence();
        int version = page.get(JAVA_INT, CounterPage.VERSION_OFFSET);
        if (magic != CounterPage.MAGIC || version != CounterPage.VERSION) {
            throw new IllegalArgumentException("no counter's page of version %d: it begins with 0x%08x and 0x%08x"
                    .formatted(CounterPage.VERSION, magic, version));
        }
    }

    /** The counter now. */
    public long read() {
        while (true) {
            int sequence = begin();
            long now = ticks.now();
            long hostBase = page.get(JAVA_LONG, CounterPage.HOST_BASE_OFFSET);
            long guestBase = page.get(JAVA_LONG, CounterPage.GUEST_BASE_OFFSET);
            long forward = page.get(JAVA_LONG, CounterPage.FORWARD_OFFSET);
            int shift = page.get(JAVA_INT, CounterPage.SHIFT_OFFSET);
            if (isUnchanged(sequence)) {
                return VirtualCounter.counterAt(now, hostBase, guestBase, forward, shift);
            }
        }
    }

    /**
     * The tick of the host at which the counter will be {@code counter}, by the factors of now: as {@link
     * VirtualCounter#hostTicksAt}.
     */
    public long hostTicksAt(long counter) {
        while (true) {
            int sequence = begin();
            long hostBase = page.get(JAVA_LONG, CounterPage.HOST_BASE_OFFSET);
            long guestBase = page.get(JAVA_LONG, CounterPage.GUEST_BASE_OFFSET);
            long reverse = page.get(JAVA_LONG, CounterPage.REVERSE_OFFSET);
            int shift = page.get(JAVA_INT, CounterPage.SHIFT_OFFSET);
            if (isUnchanged(sequence)) {
                return VirtualCounter.hostTicksAt(counter, hostBase, guestBase, reverse, shift);
            }
        }
    }

    /** All that is in the page, of one time. */
    public VirtualCounter snapshot() {
        while (true) {
            int sequence = begin();
            VirtualCounter counter = new VirtualCounter(
                    page.get(JAVA_LONG, CounterPage.HOST_BASE_OFFSET),
                    page.get(JAVA_LONG, CounterPage.GUEST_BASE_OFFSET),
                    page.get(JAVA_LONG, CounterPage.FORWARD_OFFSET),
                    page.get(JAVA_INT, CounterPage.SHIFT_OFFSET),
                    page.get(JAVA_LONG, CounterPage.REVERSE_OFFSET),
                    page.get(JAVA_LONG, CounterPage.NOMINAL_HZ_OFFSET));
            if (isUnchanged(sequence)) {
                return counter;
            }
        }
    }

    /** An even sequence. */
    private int begin() {
        while (true) {
            int sequence = (int) CounterPage.SEQUENCE.getAcquire(page, CounterPage.SEQUENCE_OFFSET);
            if ((sequence & 1) == 0) {
                return sequence;
            }
            Thread.onSpinWait();
        }
    }

    private boolean isUnchanged(int sequence) {
        VarHandle.acquireFence();
        return (int) CounterPage.SEQUENCE.getOpaque(page, CounterPage.SEQUENCE_OFFSET) == sequence;
    }
}
