package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lull.kvm.KvmException;
import dev.lull.kvm.VmStats;
import dev.lull.linux.Mapping;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * Estimates how much of a guest's memory its vCPUs touch, reading or writing, from pieces of 2 MiB picked at random: the first walk
 * takes them from KVM's tables, the second, {@link #count}, sees how much of them has come back since. What devices and the host
 * touch does not come back there. KVM's pages are the unit: where it maps a huge page, a byte touched is 2 MiB.
 */
public final class TouchedMemory extends NativeTask {
    /** Two standard errors: what 19 of 20 estimates are within. */
    private static final double STANDARD_ERRORS = 2;

    private final VmStats stats;
    private final long allPages;
    private final int sampled;
    private final int pieces;

    /**
     * A sample of a guest's memory.
     *
     * @param memory each of at least a page, private and anonymous; mapped until this is closed
     * @param stats of the machine, open until this is closed
     * @param random picks the pieces
     * @param most how many pieces at the most
     * @throws IdleUnavailable if KVM does not count the pages in its tables, or this process may not use userfaultfd
     */
    public TouchedMemory(List<MemorySegment> memory, VmStats stats, RandomGenerator random, int most) {
        super("lull_touch_step", TouchLayout.Touch.SIZE);
        this.stats = stats;
        List<MemorySegment> all = new ArrayList<>();
        long pages = 0;
        for (MemorySegment region : memory) {
            long whole = region.byteSize() & -Mapping.PAGE_BYTES;
            long pieceBytes = (long) TouchLayout.Constants.LULL_CHUNK_PAGES * Mapping.PAGE_BYTES;
            for (long at = 0; at < whole; at += pieceBytes) {
                all.add(region.asSlice(at, Math.min(pieceBytes, whole - at)));
            }
            pages += whole / Mapping.PAGE_BYTES;
        }
        Collections.shuffle(all, Random.from(random));
        allPages = pages;
        pieces = all.size();
        sampled = Math.min(most, pieces);
        try {
            task.set(JAVA_INT, TouchLayout.Touch.USERFAULTS_FD, WriteHold.on(memory));
            task.set(JAVA_INT, TouchLayout.Touch.STATS_FD, stats.number());
            task.set(JAVA_LONG, TouchLayout.Touch.VALUES_OFFSET, stats.dataOffsetBytes());
            task.set(JAVA_LONG, TouchLayout.Touch.PAGES_4K, stats.index(VmStats.PAGES_4K));
            task.set(JAVA_LONG, TouchLayout.Touch.PAGES_2M, stats.index(VmStats.PAGES_2M));
            task.set(JAVA_LONG, TouchLayout.Touch.PAGES_1G, stats.index(VmStats.PAGES_1G));
        } catch (KvmException e) {
            super.close();
            throw new IdleUnavailable("this host's KVM does not tell how many pages its tables have (" + e.getMessage()
                    + "); Linux 5.15 or later does");
        } catch (IdleUnavailable e) {
            super.close();
            throw e;
        }
        MemorySegment array = allocate(Math.max(1, sampled) * (long) TouchLayout.Piece.SIZE);
        for (int i = 0; i < sampled; i++) {
            long at = (long) i * TouchLayout.Piece.SIZE;
            array.set(JAVA_LONG, at + TouchLayout.Piece.HOST, all.get(i).address());
            array.set(JAVA_LONG, at + TouchLayout.Piece.PAGES, all.get(i).byteSize() / Mapping.PAGE_BYTES);
        }
        task.set(JAVA_LONG, TouchLayout.Touch.PIECES, array.address());
        task.set(JAVA_LONG, TouchLayout.Touch.PIECE_COUNT, sampled);
    }

    /**
     * Walks through the same pieces again, and counts; once, when the first walk is done.
     *
     * @throws IdleUnavailable if KVM has counted no page at all, although the guest has run meanwhile
     */
    public void count() {
        if (stats.read(VmStats.PAGES_4K) + stats.read(VmStats.PAGES_2M) + stats.read(VmStats.PAGES_1G) == 0) {
            throw new IdleUnavailable("this host's KVM does not count the pages in its tables");
        }
        task.set(JAVA_LONG, TouchLayout.Touch.COUNTS, 1);
        task.set(JAVA_LONG, TouchLayout.Touch.NEXT, 0);
    }

    /** The error number for which it had to end before its end; 0 if none. */
    public int error() {
        return (int) get(TouchLayout.Touch.ERROR);
    }

    /** How many bytes of all memory were touched between the two walks, as far as the pieces counted so far tell. */
    public long touchedBytes() {
        long looked = get(TouchLayout.Touch.LOOKED_PAGES);
        return looked == 0
                ? 0
                : Math.round((double) get(TouchLayout.Touch.TOUCHED_PAGES) / looked * allPages * Mapping.PAGE_BYTES);
    }

    /** By how many bytes {@link #touchedBytes} may be wrong, 19 times of 20; 0 where every piece was in the sample. */
    public long marginBytes() {
        if (sampled < 2 || sampled == pieces) {
            return 0;
        }
        double mean = (double) get(TouchLayout.Touch.TOUCHED_PAGES) / sampled;
        double variance = Math.max(0, get(TouchLayout.Touch.SUM_OF_SQUARES) - sampled * mean * mean) / (sampled - 1);
        double unseen = 1 - (double) sampled / pieces;
        return Math.round(STANDARD_ERRORS * pieces * Math.sqrt(variance / sampled * unseen) * Mapping.PAGE_BYTES);
    }

    /** How many pieces are in the sample. */
    public int sampled() {
        return sampled;
    }

    /** How many pieces the memory has. */
    public int pieces() {
        return pieces;
    }

    private long get(int member) {
        return task.get(JAVA_LONG, member);
    }
}
