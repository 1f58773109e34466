package dev.lull.agent.machine;

import dev.lull.device.memory.GuestMemory;
import dev.lull.linux.Mapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * How much of guest RAM the host has provided. The kernel answers that page by page only ({@code mincore(2)}), in a time
 * that grows with what it is asked of; so a look is at some pieces, in turn, and the sum is of what each was when last looked
 * at. Used by one thread at a time.
 */
final class ResidentMemory {
    /** What the kernel answers in one go, from one page of its own. */
    static final long PIECE_BYTES = (long) Mapping.PAGE_BYTES * Mapping.PAGE_BYTES;

    /** A piece of guest RAM, and how many of its pages were there. */
    private static final class Piece {
        final MemorySegment memory;
        long pages;

        Piece(MemorySegment memory) {
            this.memory = memory;
        }
    }

    private final List<Piece> pieces = new ArrayList<>();
    private final MemorySegment scratch = Arena.ofAuto().allocate(Mapping.PAGE_BYTES, Long.BYTES);
    private int next;
    private int seen;
    private long pages;

    ResidentMemory(GuestMemory memory) {
        for (GuestMemory.Region region : memory.regions()) {
            MemorySegment segment = region.segment();
            for (long at = 0; at < segment.byteSize(); at += PIECE_BYTES) {
                pieces.add(new Piece(segment.asSlice(at, Math.min(PIECE_BYTES, segment.byteSize() - at))));
            }
        }
    }

    /** Looks at the next {@code count} pieces, or at all if there are fewer. */
    void look(int count) {
        for (int i = Math.min(count, pieces.size()); i > 0; i--) {
            Piece piece = pieces.get(next);
            next = (next + 1) % pieces.size();
            seen = Math.min(seen + 1, pieces.size());
            long now = Mapping.residentPages(piece.memory, 0, piece.memory.byteSize(), scratch);
            // EAGAIN, if anything: the kernel had no page to spare for its answer.
            if (now >= 0) {
                pages += now - piece.pages;
                piece.pages = now;
            }
        }
    }

    /** Whether every piece has been looked at. */
    boolean isWhole() {
        return seen == pieces.size();
    }

    /** The sum, in bytes. */
    long bytes() {
        return pages * Mapping.PAGE_BYTES;
    }
}
