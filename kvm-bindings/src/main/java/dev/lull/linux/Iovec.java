package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The pieces of memory one vectored call reads or writes: an array of {@code struct iovec}. Used by one thread at a time;
 * whoever adds a piece keeps its memory mapped until the call returns.
 */
public final class Iovec {
    /** {@code UIO_MAXIOV}: more pieces no call takes. */
    public static final int MAX_PIECES = 1024;

    /** {@code struct iovec}. */
    @CStruct(value = "iovec", header = "sys/uio.h")
    static final class Layout {
        static final int SIZE = 16;
        static final int IOV_BASE = 0;
        static final int IOV_LEN = 8;

        private Layout() {}
    }

    private final MemorySegment array;
    private final int capacity;

    /** The array has room for twice the pieces, so that dropping the first ones moves the others now and then only. */
    private final int room;

    private int first;
    private int count;
    private long lengthBytes;

    /** @param capacity the most pieces it holds, up to {@link #MAX_PIECES} */
    public Iovec(int capacity) {
        this.capacity = Math.min(capacity, MAX_PIECES);
        this.room = 2 * this.capacity;
        this.array = Arena.ofAuto().allocate((long) room * Layout.SIZE, 8);
    }

    /** Forgets all pieces. */
    public void clear() {
        first = 0;
        count = 0;
        lengthBytes = 0;
    }

    /**
     * Appends a piece.
     *
     * @return false, and nothing is appended, if there is no room
     */
    public boolean add(long address, long pieceBytes) {
        if (count == capacity) {
            return false;
        }
        if (first + count == room) {
            MemorySegment.copy(array, (long) first * Layout.SIZE, array, 0, (long) count * Layout.SIZE);
            first = 0;
        }
        long at = (long) (first + count) * Layout.SIZE;
        array.set(JAVA_LONG, at + Layout.IOV_BASE, address);
        array.set(JAVA_LONG, at + Layout.IOV_LEN, pieceBytes);
        count++;
        lengthBytes += pieceBytes;
        return true;
    }

    /** Drops the first {@code bytes}, at most all there are: what a call has dealt with already. */
    public void skip(long bytes) {
        long left = bytes;
        int dropped = 0;
        while (dropped < count && left >= piece(dropped, Layout.IOV_LEN)) {
            left -= piece(dropped, Layout.IOV_LEN);
            dropped++;
        }
        first += dropped;
        count -= dropped;
        lengthBytes -= bytes;
        if (left > 0) {
            set(0, Layout.IOV_BASE, piece(0, Layout.IOV_BASE) + left);
            set(0, Layout.IOV_LEN, piece(0, Layout.IOV_LEN) - left);
        }
    }

    /** Drops the first {@code pieces}, of which there are as many. */
    public void removeFirst(int pieces) {
        for (int i = 0; i < pieces; i++) {
            lengthBytes -= piece(i, Layout.IOV_LEN);
        }
        first += pieces;
        count -= pieces;
    }

    /** Drops the last piece; there is one. */
    public void removeLast() {
        count--;
        lengthBytes -= piece(count, Layout.IOV_LEN);
    }

    /** Whether every piece begins at a multiple of {@code addressBytes} and is a multiple of {@code pieceBytes} long; powers of two. */
    public boolean isAligned(int addressBytes, int pieceBytes) {
        long odd = 0;
        for (int i = 0; i < count; i++) {
            odd |= (piece(i, Layout.IOV_BASE) & (addressBytes - 1)) | (piece(i, Layout.IOV_LEN) & (pieceBytes - 1));
        }
        return odd == 0;
    }

    /** The number of pieces. */
    public int count() {
        return count;
    }

    /** The bytes of all pieces. */
    public long lengthBytes() {
        return lengthBytes;
    }

    /** The host address of the array, for a system call; valid until the next change and while this object is reachable. */
    public long address() {
        return array.address() + (long) first * Layout.SIZE;
    }

    private long piece(int index, int member) {
        return array.get(JAVA_LONG, (long) (first + index) * Layout.SIZE + member);
    }

    private void set(int index, int member, long value) {
        array.set(JAVA_LONG, (long) (first + index) * Layout.SIZE + member, value);
    }
}
