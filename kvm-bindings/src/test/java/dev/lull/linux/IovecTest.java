package dev.lull.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IovecTest {
    private record Piece(long address, long bytes) {}

    @Test
    void holdsNoMoreThanItsCapacity() {
        Iovec pieces = new Iovec(2);

        assertThat(pieces.add(0x1000, 1)).isTrue();
        assertThat(pieces.add(0x2000, 2)).isTrue();
        assertThat(pieces.add(0x3000, 3)).isFalse();
        assertThat(contents(pieces)).containsExactly(new Piece(0x1000, 1), new Piece(0x2000, 2));
    }

    @Test
    void skippingEndsWithinAPiece() {
        Iovec pieces = new Iovec(3);
        pieces.add(0x1000, 10);
        pieces.add(0x2000, 20);
        pieces.add(0x3000, 30);

        pieces.skip(15);

        assertThat(contents(pieces)).containsExactly(new Piece(0x2005, 15), new Piece(0x3000, 30));
        assertThat(pieces.lengthBytes()).isEqualTo(45);
    }

    @Test
    void keepsItsOrderHoweverPiecesComeAndGo() {
        Random random = new Random(1);
        Iovec pieces = new Iovec(5);
        ArrayDeque<Piece> expected = new ArrayDeque<>();
        for (int i = 0; i < 10_000; i++) {
            switch (random.nextInt(4)) {
                case 0 -> {
                    int dropped = random.nextInt(expected.size() + 1);
                    pieces.removeFirst(dropped);
                    for (int j = 0; j < dropped; j++) {
                        expected.removeFirst();
                    }
                }
                case 1 -> {
                    if (!expected.isEmpty()) {
                        pieces.removeLast();
                        expected.removeLast();
                    }
                }
                default -> {
                    Piece piece = new Piece(random.nextLong(1L << 40), 1 + random.nextInt(4096));
                    boolean added = pieces.add(piece.address(), piece.bytes());
                    assertThat(added).isEqualTo(expected.size() < 5);
                    if (added) {
                        expected.addLast(piece);
                    }
                }
            }
            assertThat(contents(pieces)).containsExactlyElementsOf(expected);
            assertThat(pieces.lengthBytes())
                    .isEqualTo(expected.stream().mapToLong(Piece::bytes).sum());
        }
    }

    /** As a system call would read them. */
    private static List<Piece> contents(Iovec pieces) {
        MemorySegment array =
                MemorySegment.ofAddress(pieces.address()).reinterpret((long) pieces.count() * Iovec.Layout.SIZE);
        List<Piece> contents = new ArrayList<>();
        for (long at = 0; at < array.byteSize(); at += Iovec.Layout.SIZE) {
            contents.add(new Piece(
                    array.get(ValueLayout.JAVA_LONG, at + Iovec.Layout.IOV_BASE),
                    array.get(ValueLayout.JAVA_LONG, at + Iovec.Layout.IOV_LEN)));
        }
        return contents;
    }
}
