package dev.lull.device.backend;

import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.FileIo;
import dev.lull.linux.IoUring;
import dev.lull.linux.Iovec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A request to a {@link DiskEngine}, used over and over. It is carried out in steps, one system call each: the kernel may
 * transfer less than asked, a file system may not know how to zero, unaligned memory goes through a buffer piece by piece.
 *
 * <p>Whoever starts it says what to do by {@link #read}, {@link #write}, {@link #flush}, {@link #discard} or {@link #zero}, and
 * leaves it alone until the engine says that it has ended.
 */
public final class DiskRequest {
    private enum Operation {
        READ,
        WRITE,
        FLUSH,
        PUNCH,
        ZERO,
        WRITE_ZEROES
    }

    private static final int BOUNCE_BYTES = 64 << 10;
    private static final MemorySegment ZEROES = Arena.global().allocate(64 << 10, 4096);

    private final int slot;
    private final Iovec pieces;
    private final DiskBuffer buffer;
    private final Iovec bounced = new Iovec(1);
    private @Nullable MemorySegment bounce;
    private Operation operation = Operation.FLUSH;
    private boolean durable;
    private boolean bouncing;
    private boolean hint;
    private long offset;
    private long done;
    private long remaining;
    private int error;

    /**
     * @param slot a number no other request of the engine has, from 0
     * @param maxPieces the most pieces of memory it reads into or writes from
     * @param buffer the same memory, to copy
     */
    public DiskRequest(int slot, int maxPieces, DiskBuffer buffer) {
        this.slot = slot;
        this.pieces = new Iovec(maxPieces);
        this.buffer = buffer;
    }

    /** The number of this request. */
    public int slot() {
        return slot;
    }

    /** The memory of the next {@link #read} or {@link #write}, for the caller to fill in; the engine uses it up. */
    public Iovec pieces() {
        return pieces;
    }

    /** Reads into {@link #pieces}. */
    public void read(long offsetBytes) {
        begin(Operation.READ, offsetBytes, pieces.lengthBytes(), false);
    }

    /**
     * Writes {@link #pieces}.
     *
     * @param throughCache whether it ends only when the data is on stable storage
     */
    public void write(long offsetBytes, boolean throughCache) {
        begin(Operation.WRITE, offsetBytes, pieces.lengthBytes(), throughCache);
    }

    /** Sees to it that all data whose writing has ended is on stable storage. */
    public void flush() {
        begin(Operation.FLUSH, 0, 0, false);
    }

    /** Gives a range's storage back where the medium can; what it reads as afterwards is open. */
    public void discard(long offsetBytes, long lengthBytes, boolean throughCache) {
        begin(Operation.PUNCH, offsetBytes, lengthBytes, throughCache);
        hint = true;
    }

    /**
     * Makes a range read as zeroes.
     *
     * @param mayUnmap whether it may give the storage back
     */
    public void zero(long offsetBytes, long lengthBytes, boolean mayUnmap, boolean throughCache) {
        begin(mayUnmap ? Operation.PUNCH : Operation.ZERO, offsetBytes, lengthBytes, throughCache);
    }

    /** What became of it: 0, or the error number. */
    public int error() {
        return error;
    }

    private void begin(Operation next, long offsetBytes, long lengthBytes, boolean throughCache) {
        operation = next;
        durable = throughCache;
        hint = false;
        bouncing = false;
        offset = offsetBytes;
        done = 0;
        remaining = lengthBytes;
        error = 0;
    }

    /** Has the data go through an aligned buffer if direct I/O cannot take it as it is. */
    void align(int memoryAlignment, int blockBytes) {
        bouncing = isTransfer() && !pieces.isAligned(memoryAlignment, blockBytes);
        if (bouncing) {
            nextBounce();
        }
    }

    boolean isRead() {
        return operation == Operation.READ;
    }

    /** Whether its next step is a write that ends in the page cache. */
    boolean isCachedWrite() {
        return operation == Operation.WRITE && !durable;
    }

    /** The bytes it still has to transfer. */
    long remainingBytes() {
        return remaining;
    }

    /** Carries out one step on the calling thread; its result is for {@link #advance}. */
    long step(Fd fd) {
        return switch (operation) {
            case READ -> FileIo.read(fd, stepPieces(), offset);
            case WRITE, WRITE_ZEROES -> FileIo.write(fd, stepPieces(), offset, durable);
            case FLUSH -> FileIo.dataSync(fd);
            case PUNCH -> FileIo.allocate(fd, FileIo.PUNCH_HOLE, offset, remaining);
            case ZERO -> FileIo.allocate(fd, FileIo.ZERO_RANGE, offset, remaining);
        };
    }

    /** As {@link #step}, of a read of what is in the page cache; {@code -EAGAIN} or {@code -EOPNOTSUPP} if it is not. */
    long stepCached(Fd fd) {
        return FileIo.readCached(fd, stepPieces(), offset);
    }

    /** Has {@code ring} carry out one step, under the token {@link #slot}. */
    void step(IoUring ring, Fd fd) {
        switch (operation) {
            case READ -> ring.read(fd, stepPieces(), offset, slot);
            case WRITE, WRITE_ZEROES -> ring.write(fd, stepPieces(), offset, durable, slot);
            case FLUSH -> ring.dataSync(fd, slot);
            case PUNCH -> ring.allocate(fd, FileIo.PUNCH_HOLE, offset, remaining, slot);
            case ZERO -> ring.allocate(fd, FileIo.ZERO_RANGE, offset, remaining, slot);
        }
    }

    /**
     * Takes the result of a step.
     *
     * @return whether the request has ended; otherwise another step follows
     */
    boolean advance(long result) {
        if (result == -Errno.EINTR || result == -Errno.EAGAIN) {
            return false;
        }
        return switch (operation) {
            case READ, WRITE, WRITE_ZEROES -> transferred(result);
            case FLUSH -> end(result);
            case PUNCH, ZERO -> ranged(result);
        };
    }

    private boolean isTransfer() {
        return operation == Operation.READ || operation == Operation.WRITE;
    }

    private Iovec stepPieces() {
        return bouncing ? bounced : pieces;
    }

    /** A transfer that moves nothing has met the end of a file that became shorter. */
    private boolean transferred(long result) {
        if (result <= 0 && remaining > 0) {
            return end(result < 0 ? result : -Errno.EIO);
        }
        if (bouncing && isRead()) {
            buffer.copyIn(done, bounceBuffer(), (int) result);
        }
        offset += result;
        done += result;
        remaining -= result;
        if (remaining == 0) {
            return end(0);
        }
        if (operation == Operation.WRITE_ZEROES) {
            nextZeroes();
        } else if (bouncing) {
            nextBounce();
        } else {
            pieces.skip(result);
        }
        return false;
    }

    private boolean ranged(long result) {
        if (result == -Errno.EOPNOTSUPP) {
            if (hint) {
                return end(0);
            }
            operation = Operation.WRITE_ZEROES;
            nextZeroes();
            return false;
        }
        if (result == 0 && durable) {
            operation = Operation.FLUSH;
            return false;
        }
        return end(result);
    }

    private boolean end(long result) {
        error = (int) -result;
        return true;
    }

    private void nextBounce() {
        int length = (int) Math.min(remaining, BOUNCE_BYTES);
        MemorySegment memory = bounceBuffer();
        if (!isRead()) {
            buffer.copyOut(done, memory, length);
        }
        bounced.clear();
        bounced.add(memory.address(), length);
    }

    private void nextZeroes() {
        pieces.clear();
        long left = remaining;
        while (left > 0 && pieces.add(ZEROES.address(), Math.min(left, ZEROES.byteSize()))) {
            left -= ZEROES.byteSize();
        }
    }

    private MemorySegment bounceBuffer() {
        MemorySegment memory = bounce;
        if (memory == null) {
            memory = Arena.ofAuto().allocate(BOUNCE_BYTES, 4096);
            bounce = memory;
        }
        return memory;
    }
}
