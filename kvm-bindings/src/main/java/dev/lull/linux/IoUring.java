package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lull.linux.IoUringLayout.Constants;
import dev.lull.linux.IoUringLayout.Cqe;
import dev.lull.linux.IoUringLayout.Params;
import dev.lull.linux.IoUringLayout.Sqe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * An {@code io_uring(7)}: operations on files go to the kernel in batches and end in any order.
 *
 * <p>Used by one thread, which need not be the one that opens it. Its descriptor is readable for {@code epoll} when operations
 * have ended. What an operation refers to, memory and {@link Iovec}s, stays as it is until it has ended. Nothing but
 * opening allocates.
 *
 * <p>The set-up flags are none on purpose: with {@code IORING_SETUP_DEFER_TASKRUN} epoll misses completions on some kernels
 * (seen on 6.18).
 */
public final class IoUring implements AutoCloseable {
    private static final int REQUIRED = Constants.IORING_FEAT_SINGLE_MMAP | Constants.IORING_FEAT_NODROP;

    private static final VarHandle INT = JAVA_INT.varHandle();

    private final Fd fd;
    private final Mapping rings;
    private final Mapping entries;
    private final MemorySegment ring;
    private final MemorySegment sqes;
    private final int capacity;
    private final int sqMask;
    private final int cqMask;
    private final long sqTailOffset;
    private final long cqHeadOffset;
    private final long cqTailOffset;
    private final long cqesOffset;
    private int sqTail;
    private int sqSubmitted;
    private int cqHead;

    /**
     * Opens a ring.
     *
     * @param entries the most operations that are under way at once
     * @throws LinuxException with {@code ENOSYS} or {@code EPERM} where there is no io_uring for this process
     */
    public IoUring(String name, int entries) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = arena.allocate(Params.SIZE, 8);
            long number = Syscall.syscall(SyscallNumber.__NR_io_uring_setup, entries, params.address(), 0);
            fd = new Fd((int) Fd.check("io_uring_setup", name, number), name);
            if ((params.get(JAVA_INT, Params.FEATURES) & REQUIRED) != REQUIRED) {
                fd.close();
                throw new LinuxException("io_uring_setup", name, Errno.ENOSYS);
            }
            capacity = params.get(JAVA_INT, Params.SQ_ENTRIES);
            long array = params.get(JAVA_INT, Params.SQ_OFF__ARRAY);
            cqesOffset = params.get(JAVA_INT, Params.CQ_OFF__CQES);
            sqTailOffset = params.get(JAVA_INT, Params.SQ_OFF__TAIL);
            cqHeadOffset = params.get(JAVA_INT, Params.CQ_OFF__HEAD);
            cqTailOffset = params.get(JAVA_INT, Params.CQ_OFF__TAIL);
            long cqEnd = cqesOffset + (long) params.get(JAVA_INT, Params.CQ_ENTRIES) * Cqe.SIZE;
            long sqEnd = array + (long) capacity * Integer.BYTES;
            try {
                rings = Mapping.shared(fd, Constants.IORING_OFF_SQ_RING, Math.max(sqEnd, cqEnd));
            } catch (LinuxException e) {
                fd.close();
                throw e;
            }
            try {
                this.entries = Mapping.shared(fd, Constants.IORING_OFF_SQES, (long) capacity * Sqe.SIZE);
            } catch (LinuxException e) {
                rings.close();
                fd.close();
                throw e;
            }
            ring = rings.segment();
            sqes = this.entries.segment();
            sqMask = ring.get(JAVA_INT, params.get(JAVA_INT, Params.SQ_OFF__RING_MASK));
            cqMask = ring.get(JAVA_INT, params.get(JAVA_INT, Params.CQ_OFF__RING_MASK));
            for (int i = 0; i < capacity; i++) {
                ring.set(JAVA_INT, array + (long) i * Integer.BYTES, i);
            }
        }
    }

    /** The ring's descriptor, readable when operations have ended; owned by this object. */
    public Fd fd() {
        return fd;
    }

    /** The most operations that may be under way at once: no fewer than was asked for. */
    public int capacity() {
        return capacity;
    }

    /** {@code preadv(2)}, to be submitted; its result is {@link FileIo#read}'s. */
    public void read(Fd file, Iovec pieces, long offsetBytes, long token) {
        prepare(Constants.IORING_OP_READV, file, offsetBytes, pieces.address(), pieces.count(), 0, token);
    }

    /** {@code pwritev2(2)}, to be submitted; its result is {@link FileIo#write}'s. */
    public void write(Fd file, Iovec pieces, long offsetBytes, boolean durable, long token) {
        int flags = durable ? FileIo.FileConstants.RWF_DSYNC : 0;
        prepare(Constants.IORING_OP_WRITEV, file, offsetBytes, pieces.address(), pieces.count(), flags, token);
    }

    /** {@code fdatasync(2)}, to be submitted; its result is {@link FileIo#dataSync}'s. */
    public void dataSync(Fd file, long token) {
        prepare(Constants.IORING_OP_FSYNC, file, 0, 0, 0, Constants.IORING_FSYNC_DATASYNC, token);
    }

    /** {@code fallocate(2)}, to be submitted; its result is {@link FileIo#allocate}'s. */
    public void allocate(Fd file, int mode, long offsetBytes, long lengthBytes, long token) {
        prepare(Constants.IORING_OP_FALLOCATE, file, offsetBytes, lengthBytes, mode, 0, token);
    }

    /** Hands all prepared operations to the kernel. Some of them may have ended when it returns. */
    public void submit() {
        INT.setRelease(ring, sqTailOffset, sqTail);
        while (sqSubmitted != sqTail) {
            long result =
                    Syscall.syscall(SyscallNumber.__NR_io_uring_enter, fd.number(), sqTail - sqSubmitted, 0, 0, 0, 0);
            // Interrupted, or short of memory for the moment: nothing was taken.
            if (result != -Errno.EINTR && result != -Errno.EAGAIN && result != -Errno.EBUSY) {
                sqSubmitted += (int) Fd.check("io_uring_enter", fd.name(), result);
            }
        }
    }

    /** Whether an operation has ended: {@link #token} and {@link #result} tell of it, {@link #next} moves on. */
    public boolean poll() {
        return (int) INT.getAcquire(ring, cqTailOffset) != cqHead;
    }

    /** The token of the operation that has ended. */
    public long token() {
        return ring.get(JAVA_LONG, cqe() + Cqe.USER_DATA);
    }

    /** Its result, or negated error number. */
    public int result() {
        return ring.get(JAVA_INT, cqe() + Cqe.RES);
    }

    /** Moves to the next ended operation. */
    public void next() {
        cqHead++;
        INT.setRelease(ring, cqHeadOffset, cqHead);
    }

    /** Gives the ring back. No operation is under way: the kernel would go on with it. */
    @Override
    public void close() {
        fd.close();
        entries.close();
        rings.close();
    }

    private long cqe() {
        return cqesOffset + (long) (cqHead & cqMask) * Cqe.SIZE;
    }

    private void prepare(int opcode, Fd file, long off, long address, int length, int flags, long token) {
        if (sqTail - sqSubmitted == capacity) {
            throw new IllegalStateException("more operations under way than " + capacity);
        }
        // Members that are not set here never were, and are 0.
        long at = (long) (sqTail & sqMask) * Sqe.SIZE;
        sqes.set(JAVA_BYTE, at + Sqe.OPCODE, (byte) opcode);
        sqes.set(JAVA_INT, at + Sqe.FD, file.number());
        sqes.set(JAVA_LONG, at + Sqe.OFF, off);
        sqes.set(JAVA_LONG, at + Sqe.ADDR, address);
        sqes.set(JAVA_INT, at + Sqe.LEN, length);
        sqes.set(JAVA_INT, at + Sqe.RW_FLAGS, flags);
        sqes.set(JAVA_LONG, at + Sqe.USER_DATA, token);
        sqTail++;
    }
}
