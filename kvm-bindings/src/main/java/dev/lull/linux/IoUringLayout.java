package dev.lull.linux;

/** Numbers and layouts of {@code linux/io_uring.h}. */
final class IoUringLayout {
    /** What {@code io_uring_setup(2)} is asked and answers. */
    @CStruct(value = "io_uring_params", header = "linux/io_uring.h")
    static final class Params {
        static final int SIZE = 120;
        static final int SQ_ENTRIES = 0;
        static final int CQ_ENTRIES = 4;
        static final int FLAGS = 8;
        static final int FEATURES = 20;
        static final int SQ_OFF__TAIL = 44;
        static final int SQ_OFF__RING_MASK = 48;
        static final int SQ_OFF__ARRAY = 64;
        static final int CQ_OFF__HEAD = 80;
        static final int CQ_OFF__TAIL = 84;
        static final int CQ_OFF__RING_MASK = 88;
        static final int CQ_OFF__CQES = 100;

        private Params() {}
    }

    /** A submission queue entry. */
    @CStruct(value = "io_uring_sqe", header = "linux/io_uring.h")
    static final class Sqe {
        static final int SIZE = 64;
        static final int OPCODE = 0;
        static final int FD = 4;
        static final int OFF = 8;
        static final int ADDR = 16;
        static final int LEN = 24;
        static final int RW_FLAGS = 28;
        static final int USER_DATA = 32;

        private Sqe() {}
    }

    /** A completion queue entry. */
    @CStruct(value = "io_uring_cqe", header = "linux/io_uring.h")
    static final class Cqe {
        static final int SIZE = 16;
        static final int USER_DATA = 0;
        static final int RES = 8;

        private Cqe() {}
    }

    /** Operations, flags and the offsets at which the rings are mapped. */
    @CConstants("linux/io_uring.h")
    static final class Constants {
        static final int IORING_OP_READV = 1;
        static final int IORING_OP_WRITEV = 2;
        static final int IORING_OP_FSYNC = 3;
        static final int IORING_OP_FALLOCATE = 17;
        static final int IORING_FSYNC_DATASYNC = 1;
        static final int IORING_FEAT_SINGLE_MMAP = 1;
        static final int IORING_FEAT_NODROP = 2;
        static final long IORING_OFF_SQ_RING = 0;
        static final long IORING_OFF_SQES = 0x1000_0000L;

        private Constants() {}
    }

    private IoUringLayout() {}
}
