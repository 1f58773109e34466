package dev.lull.agent.boot;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Output of known length, outside the Java heap, which is too small for a kernel. The length is only declared, so room
 * is made as output arrives and refused behind the declared end.
 */
final class UnpackedBytes implements AutoCloseable {
    /** A kernel seldom packs better than this, so real ones need no second allocation. */
    private static final int USUAL_RATIO = 8;

    private final int declaredBytes;
    private Arena arena = Arena.ofConfined();
    private MemorySegment room;
    private long length;
    private boolean handedOver;

    /**
     * @param declaredBytes what the output is said to come to
     * @param packedBytes what it is unpacked from
     */
    UnpackedBytes(int declaredBytes, int packedBytes) {
        this.declaredBytes = declaredBytes;
        this.room = arena.allocate(Math.min(declaredBytes, (long) packedBytes * USUAL_RATIO));
    }

    /** A buffer length for appending: {@code atMostBytes}, or less where one more than all output is less. */
    int chunkBytes(int atMostBytes) {
        return Math.min(atMostBytes, declaredBytes + 1);
    }

    /** Appends the first {@code count} bytes of {@code chunk}. */
    void append(byte[] chunk, int count) throws IOException {
        if (count > declaredBytes - length) {
            throw new IOException("it unpacks to more than the " + declaredBytes + " bytes it declares");
        }
        if (count > room.byteSize() - length) {
            grow(length + count);
        }
        MemorySegment.copy(chunk, 0, room, ValueLayout.JAVA_BYTE, length, count);
        length += count;
    }

    private void grow(long neededBytes) {
        Arena larger = Arena.ofConfined();
        MemorySegment copy = larger.allocate(Math.min(declaredBytes, Math.max(neededBytes, 2 * room.byteSize())));
        MemorySegment.copy(room, 0, copy, 0, length);
        arena.close();
        arena = larger;
        room = copy;
    }

    /** The complete output, which the caller closes from now on. */
    MemoryBytes finish(String name) throws IOException {
        if (length != declaredBytes) {
            throw new IOException("it unpacks to " + length + " bytes, not to the " + declaredBytes + " it declares");
        }
        handedOver = true;
        return new MemoryBytes(name, room, arena);
    }

    @Override
    public void close() {
        if (!handedOver) {
            arena.close();
        }
    }
}
