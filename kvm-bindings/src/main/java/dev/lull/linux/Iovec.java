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
    private int count;
    private long lengthBytes;

    /** @param capacity the most pieces it holds, up to {@link #MAX_PIECES} */
    public Iovec(int capacity) {
        this.capacity = Math.min(capacity, MAX_PIECES);
        this.array = Arena.ofAuto().allocate((long) this.capacity * Layout.SIZE, 8);
    }

    /** Forgets all pieces. */
    public void clear() {
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
        long at = (long) count * Layout.SIZE;
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
        count -= dropped;
        lengthBytes -= bytes;
        MemorySegment.copy(array, (long) dropped * Layout.SIZE, array, 0, (long) count * Layout.SIZE);
        if (left > 0) {
            array.set(JAVA_LONG, Layout.IOV_BASE, piece(0, Layout.IOV_BASE) + left);
            array.set(JAVA_LONG, Layout.IOV_LEN, piece(0, Layout.IOV_LEN) - left);
        }
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

    /** The host address of the array, for a system call; valid while this object is reachable. */
    public long address() {
        return array.address();
    }

    private long piece(int index, int member) {
        return array.get(JAVA_LONG, (long) index * Layout.SIZE + member);
    }
}
