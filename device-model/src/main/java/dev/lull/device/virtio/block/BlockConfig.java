package dev.lull.device.virtio.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.lull.device.backend.DiskImage;
import java.lang.foreign.MemorySegment;

/** The configuration space (virtio 1.2 §5.2.4). Only the capacity and the cache mode change; any thread reads and writes. */
final class BlockConfig {
    /** A range this long takes the kernel moments, but for a file system that has to write zeroes. */
    static final int MAX_RANGE_SECTORS = 1 << 22;

    /** How many ranges one request may have. */
    static final int MAX_RANGES = 16;

    /** What file systems allocate; finer discards free nothing. */
    private static final int PAGE_BYTES = 4096;

    private final MemorySegment fixed = MemorySegment.ofArray(new byte[BlockLayout.CONFIG_BYTES]);
    private volatile long capacitySectors;
    private volatile boolean writeback;

    BlockConfig(DiskImage image, int queues, int maxSegments) {
        int blocksPerPage = Math.max(1, PAGE_BYTES / image.blockBytes());
        setInt(BlockLayout.SEG_MAX, maxSegments);
        setInt(BlockLayout.BLK_SIZE, image.blockBytes());
        fixed.set(JAVA_BYTE, BlockLayout.TOPOLOGY_PHYSICAL_BLOCK_EXP, (byte)
                Integer.numberOfTrailingZeros(blocksPerPage));
        fixed.set(JAVA_SHORT_UNALIGNED, BlockLayout.TOPOLOGY_MIN_IO_SIZE, (short) blocksPerPage);
        fixed.set(JAVA_SHORT_UNALIGNED, BlockLayout.NUM_QUEUES, (short) queues);
        setInt(BlockLayout.MAX_DISCARD_SECTORS, MAX_RANGE_SECTORS);
        setInt(BlockLayout.MAX_DISCARD_SEG, MAX_RANGES);
        setInt(BlockLayout.DISCARD_SECTOR_ALIGNMENT, blocksPerPage * image.blockBytes() / DiskImage.SECTOR_BYTES);
        setInt(BlockLayout.MAX_WRITE_ZEROES_SECTORS, MAX_RANGE_SECTORS);
        setInt(BlockLayout.MAX_WRITE_ZEROES_SEG, MAX_RANGES);
        fixed.set(JAVA_BYTE, BlockLayout.WRITE_ZEROES_MAY_UNMAP, (byte) 1);
        setCapacity(image.sizeBytes());
        writeback = true;
    }

    void setCapacity(long sizeBytes) {
        capacitySectors = sizeBytes / DiskImage.SECTOR_BYTES;
    }

    long capacitySectors() {
        return capacitySectors;
    }

    /** Whether the driver, if it may choose, wants writes to end in the host's cache; as it is after a reset, too. */
    boolean isWriteback() {
        return writeback;
    }

    void setWriteback(boolean wanted) {
        writeback = wanted;
    }

    /** As {@link dev.lull.device.virtio.VirtioDevice#readConfig}. */
    long read(int offset, int sizeBytes) {
        long value = 0;
        for (int i = sizeBytes - 1; i >= 0; i--) {
            value = value << Byte.SIZE | readByte(offset + i);
        }
        return value;
    }

    private int readByte(int at) {
        if (at < 0 || at >= BlockLayout.CONFIG_BYTES) {
            return 0;
        }
        if (at < BlockLayout.CAPACITY + Long.BYTES) {
            return (int) (capacitySectors >>> (Byte.SIZE * (at - BlockLayout.CAPACITY))) & 0xFF;
        }
        if (at == BlockLayout.WRITEBACK) {
            return writeback ? 1 : 0;
        }
        return fixed.get(JAVA_BYTE, at) & 0xFF;
    }

    private void setInt(int offset, int value) {
        fixed.set(JAVA_INT_UNALIGNED, offset, value);
    }
}
