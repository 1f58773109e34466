package dev.lull.paravirt.clock;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.function.LongFunction;

/**
 * A {@link VirtualCounter} in memory that others read, in this process or in a guest: its writer, and its layout,
 * little-endian and one cache line.
 *
 * <pre>
 *  0  u32  magic, "LCNT"
 *  4  u32  version of the layout, 1
 *  8  u32  sequence: odd while the rest is written
 * 12  u32  shift of the forward factor, s; that of the reverse one is 124 − s
 * 16  u64  host counter base
 * 24  u64  guest base
 * 32  u64  forward factor
 * 40  u64  reverse factor
 * 48  u64  nominal frequency in hertz
 * 56  u64  0
 * </pre>
 *
 * <p>A reader takes the sequence until it is even, reads the host's counter and the factors, and does it all again if
 * the sequence is another then. That gives it factors of one time. What keeps the counter from going back is when the
 * host's counter is read. The writer makes the sequence odd first, and reads the tick <i>t</i> at which the factors
 * change after that (a full fence is between); a reader reads its tick between its two looks at the sequence. So one
 * that was content with the old factors has a tick before <i>t</i>, as its second look came before the sequence was
 * odd; and one that has the new factors has a tick after <i>t</i>. At <i>t</i> old and new are the same, and neither
 * goes back.
 *
 * <p>One thread writes at a time.
 */
public final class CounterPage {
    /** The size of the structure, and its alignment. */
    public static final int SIZE_BYTES = 64;

    static final int MAGIC = 0x544E_434C;
    static final int VERSION = 1;

    static final long MAGIC_OFFSET = 0;
    static final long VERSION_OFFSET = 4;
    static final long SEQUENCE_OFFSET = 8;
    static final long SHIFT_OFFSET = 12;
    static final long HOST_BASE_OFFSET = 16;
    static final long GUEST_BASE_OFFSET = 24;
    static final long FORWARD_OFFSET = 32;
    static final long REVERSE_OFFSET = 40;
    static final long NOMINAL_HZ_OFFSET = 48;

    /** Of a segment and an offset. */
    static final VarHandle SEQUENCE = JAVA_INT.varHandle();

    private final MemorySegment page;
    private VirtualCounter counter;

    /**
     * Writes a counter where nobody reads yet.
     *
     * @param page {@link #SIZE_BYTES}, aligned to as much; the caller keeps it mapped
     */
    public CounterPage(MemorySegment page, VirtualCounter counter) {
        this.page = checked(page);
        this.counter = counter;
        page.fill((byte) 0);
        page.set(JAVA_INT, VERSION_OFFSET, VERSION);
        put(counter);
        VarHandle.releaseFence();
        // Last, for who finds it has found all of it.
        page.set(JAVA_INT, MAGIC_OFFSET, MAGIC);
    }

    /** What is in it, for who writes it. */
    public VirtualCounter counter() {
        return counter;
    }

    /**
     * Changes the counter while others read it, and may be reading it at this moment.
     *
     * @param next the counter from the host's tick it is given on; at that tick it is to be the same as {@link
     *     #counter}
     */
    public void update(HostTicks ticks, LongFunction<VirtualCounter> next) {
        VirtualCounter changed = counter;
        begin();
        VarHandle.fullFence();
        try {
            changed = next.apply(ticks.now());
        } finally {
            end(changed);
        }
    }

    /** From now until {@link #end} readers wait; a full fence is to follow. */
    void begin() {
        SEQUENCE.setOpaque(page, SEQUENCE_OFFSET, page.get(JAVA_INT, SEQUENCE_OFFSET) + 1);
    }

    /** Shows {@code changed}. */
    void end(VirtualCounter changed) {
        counter = changed;
        put(changed);
        SEQUENCE.setRelease(page, SEQUENCE_OFFSET, page.get(JAVA_INT, SEQUENCE_OFFSET) + 1);
    }

    private void put(VirtualCounter counter) {
        page.set(JAVA_INT, SHIFT_OFFSET, counter.forwardShift());
        page.set(JAVA_LONG, HOST_BASE_OFFSET, counter.hostBase());
        page.set(JAVA_LONG, GUEST_BASE_OFFSET, counter.guestBase());
        page.set(JAVA_LONG, FORWARD_OFFSET, counter.forward());
        page.set(JAVA_LONG, REVERSE_OFFSET, counter.reverse());
        page.set(JAVA_LONG, NOMINAL_HZ_OFFSET, counter.nominalHz());
    }

    static MemorySegment checked(MemorySegment page) {
        if (page.byteSize() < SIZE_BYTES || page.address() % SIZE_BYTES != 0) {
            throw new IllegalArgumentException("a counter's page of %d bytes at 0x%x: it has %d, aligned to as much"
                    .formatted(page.byteSize(), page.address(), SIZE_BYTES));
        }
        return page;
    }
}
