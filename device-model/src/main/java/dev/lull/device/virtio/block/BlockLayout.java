package dev.lull.device.virtio.block;

/** Numbers of the block device (virtio 1.2 §5.2), by their names there. */
final class BlockLayout {
    static final int DEVICE_ID = 2;

    /** Feature bits, §5.2.3. */
    static final int F_SEG_MAX = 2;

    static final int F_RO = 5;
    static final int F_BLK_SIZE = 6;
    static final int F_FLUSH = 9;
    static final int F_TOPOLOGY = 10;
    static final int F_CONFIG_WCE = 11;
    static final int F_MQ = 12;
    static final int F_DISCARD = 13;
    static final int F_WRITE_ZEROES = 14;

    /** Offsets in {@code struct virtio_blk_config}, §5.2.4. */
    static final int CAPACITY = 0;

    static final int SEG_MAX = 12;
    static final int BLK_SIZE = 20;
    static final int TOPOLOGY_PHYSICAL_BLOCK_EXP = 24;
    static final int TOPOLOGY_MIN_IO_SIZE = 26;
    static final int WRITEBACK = 32;
    static final int NUM_QUEUES = 34;
    static final int MAX_DISCARD_SECTORS = 36;
    static final int MAX_DISCARD_SEG = 40;
    static final int DISCARD_SECTOR_ALIGNMENT = 44;
    static final int MAX_WRITE_ZEROES_SECTORS = 48;
    static final int MAX_WRITE_ZEROES_SEG = 52;
    static final int WRITE_ZEROES_MAY_UNMAP = 56;
    static final int CONFIG_BYTES = 60;

    /** The header of {@code struct virtio_blk_req}, §5.2.6. */
    static final int HEADER_BYTES = 16;

    static final int HEADER_TYPE = 0;
    static final int HEADER_SECTOR = 8;

    static final int T_IN = 0;
    static final int T_OUT = 1;
    static final int T_FLUSH = 4;
    static final int T_GET_ID = 8;
    static final int T_DISCARD = 11;
    static final int T_WRITE_ZEROES = 13;

    static final int ID_BYTES = 20;

    /** {@code struct virtio_blk_discard_write_zeroes}. */
    static final int RANGE_BYTES = 16;

    static final int RANGE_SECTOR = 0;
    static final int RANGE_NUM_SECTORS = 8;
    static final int RANGE_FLAGS = 12;
    static final int RANGE_FLAG_UNMAP = 1;

    static final int S_OK = 0;
    static final int S_IOERR = 1;
    static final int S_UNSUPP = 2;

    private BlockLayout() {}
}
