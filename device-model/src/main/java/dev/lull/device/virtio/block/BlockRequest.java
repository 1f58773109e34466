package dev.lull.device.virtio.block;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lull.device.backend.DiskBuffer;
import dev.lull.device.backend.DiskImage;
import dev.lull.device.backend.DiskRequest;
import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.Virtqueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A request of the driver (virtio 1.2 §5.2.6), used over and over: a header, data, a status byte, however they are cut into
 * pieces. All the driver says is read once, by {@link #parse}; what is judged is what is done.
 */
final class BlockRequest implements DiskBuffer {
    private static final String NO_HEADER = "a block request without its header (virtio 1.2 §5.2.6)";
    private static final String NO_STATUS = "a block request without a status byte (virtio 1.2 §5.2.6)";

    private final DescriptorChain chain;
    private final DiskRequest disk;
    private final MemorySegment header;
    private final MemorySegment ranges;
    private @Nullable Virtqueue queue;
    private long startNanos;
    private int type;
    private long sector;
    private long dataBytes;
    private int rangeCount;
    private int nextRange;

    /** @param maxPieces the size of the largest queue */
    BlockRequest(int slot, int maxPieces) {
        chain = new DescriptorChain(maxPieces);
        disk = new DiskRequest(slot, maxPieces, this);
        MemorySegment own = Arena.ofAuto()
                .allocate(BlockLayout.HEADER_BYTES + (long) BlockConfig.MAX_RANGES * BlockLayout.RANGE_BYTES, 8);
        header = own.asSlice(0, BlockLayout.HEADER_BYTES);
        ranges = own.asSlice(BlockLayout.HEADER_BYTES);
    }

    /** Where the next {@link Virtqueue#poll} puts its chain. */
    DescriptorChain chain() {
        return chain;
    }

    /** The engine's part of it. */
    DiskRequest disk() {
        return disk;
    }

    /**
     * Reads the header of the chain that has just been polled from {@code from}.
     *
     * @throws VirtioException if it has none, or no room for a status
     */
    void parse(Virtqueue from, long nowNanos) {
        if (chain.copyOut(0, header, 0, BlockLayout.HEADER_BYTES) < BlockLayout.HEADER_BYTES) {
            throw new VirtioException(NO_HEADER);
        }
        if (chain.writableBytes() == 0) {
            throw new VirtioException(NO_STATUS);
        }
        queue = from;
        startNanos = nowNanos;
        type = header.get(JAVA_INT, BlockLayout.HEADER_TYPE);
        sector = header.get(JAVA_LONG, BlockLayout.HEADER_SECTOR);
        dataBytes = switch (type) {
            case BlockLayout.T_IN, BlockLayout.T_GET_ID -> chain.writableBytes() - 1;
            case BlockLayout.T_OUT, BlockLayout.T_DISCARD, BlockLayout.T_WRITE_ZEROES ->
                chain.readableBytes() - BlockLayout.HEADER_BYTES;
            default -> 0;
        };
    }

    int type() {
        return type;
    }

    /** Whether it is of ranges, as a discard is. */
    boolean isRanged() {
        return type == BlockLayout.T_DISCARD || type == BlockLayout.T_WRITE_ZEROES;
    }

    long startNanos() {
        return startNanos;
    }

    /** The bytes of its data, either way. */
    long dataBytes() {
        return dataBytes;
    }

    /** The bytes it moves to or from the disk. */
    long movedBytes() {
        return type == BlockLayout.T_IN || type == BlockLayout.T_OUT ? dataBytes : 0;
    }

    /** Where on the disk a read or write begins, in bytes. */
    long offsetBytes() {
        return sector * DiskImage.SECTOR_BYTES;
    }

    /** Whether a read or write has whole blocks of a disk of {@code capacitySectors}. */
    boolean isOnDisk(long capacitySectors, int blockBytes) {
        return dataBytes % blockBytes == 0
                && isRange(sector, dataBytes / DiskImage.SECTOR_BYTES, capacitySectors)
                && offsetBytes() % blockBytes == 0;
    }

    /** Gives the data's pieces of memory to {@link #disk}. */
    void addPieces() {
        boolean in = type == BlockLayout.T_IN;
        long skip = in ? 0 : BlockLayout.HEADER_BYTES;
        long left = dataBytes;
        disk.pieces().clear();
        for (int i = in ? chain.readablePieces() : 0; left > 0; i++) {
            long length = chain.lengthBytes(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            long taken = Math.min(length - skip, left);
            disk.pieces().add(chain.address(i) + skip, taken);
            left -= taken;
            skip = 0;
        }
    }

    /**
     * Reads and judges the ranges of a discard or of writing zeroes.
     *
     * @return the status if there is something wrong with them, {@link BlockLayout#S_OK} otherwise
     */
    int parseRanges(long capacitySectors, int blockBytes) {
        nextRange = 0;
        rangeCount = 0;
        if (dataBytes == 0
                || dataBytes % BlockLayout.RANGE_BYTES != 0
                || dataBytes > (long) BlockConfig.MAX_RANGES * BlockLayout.RANGE_BYTES) {
            return BlockLayout.S_IOERR;
        }
        chain.copyOut(BlockLayout.HEADER_BYTES, ranges, 0, (int) dataBytes);
        int count = (int) dataBytes / BlockLayout.RANGE_BYTES;
        int allowedFlags = type == BlockLayout.T_WRITE_ZEROES ? BlockLayout.RANGE_FLAG_UNMAP : 0;
        for (int i = 0; i < count; i++) {
            if ((rangeInt(i, BlockLayout.RANGE_FLAGS) & ~allowedFlags) != 0) {
                return BlockLayout.S_UNSUPP;
            }
            long sectors = rangeSectors(i);
            if (sectors > BlockConfig.MAX_RANGE_SECTORS
                    || !isRange(rangeSector(i), sectors, capacitySectors)
                    || (rangeSector(i) | sectors) * DiskImage.SECTOR_BYTES % blockBytes != 0) {
                return BlockLayout.S_IOERR;
            }
        }
        rangeCount = count;
        return BlockLayout.S_OK;
    }

    /**
     * Gives the next range to {@link #disk}.
     *
     * @return false if there is none
     */
    boolean nextRange(boolean throughCache) {
        while (nextRange < rangeCount && rangeSectors(nextRange) == 0) {
            nextRange++;
        }
        if (nextRange == rangeCount) {
            return false;
        }
        long offset = rangeSector(nextRange) * DiskImage.SECTOR_BYTES;
        long length = rangeSectors(nextRange) * DiskImage.SECTOR_BYTES;
        if (type == BlockLayout.T_DISCARD) {
            disk.discard(offset, length, throughCache);
        } else {
            boolean mayUnmap = (rangeInt(nextRange, BlockLayout.RANGE_FLAGS) & BlockLayout.RANGE_FLAG_UNMAP) != 0;
            disk.zero(offset, length, mayUnmap, throughCache);
        }
        nextRange++;
        return true;
    }

    /** Writes {@code id} into the data, as far as there is room. */
    void writeId(MemorySegment id) {
        dataBytes = Math.min(dataBytes, BlockLayout.ID_BYTES);
        chain.copyIn(0, id, 0, (int) dataBytes);
    }

    /**
     * Returns it to the driver.
     *
     * @param status of one byte
     * @return the queue it came from
     */
    Virtqueue complete(MemorySegment status, boolean succeeded) {
        Virtqueue from = queue;
        if (from == null) {
            throw new IllegalStateException("a block request that was never polled");
        }
        chain.copyIn(chain.writableBytes() - 1, status, 0, 1);
        boolean filled = succeeded && (type == BlockLayout.T_IN || type == BlockLayout.T_GET_ID);
        from.complete(chain, filled ? (int) dataBytes + 1 : 1);
        queue = null;
        return from;
    }

    /** It has ended after the driver's interest in it: what it read is in guest memory all the same. */
    void abandon() {
        if (queue != null) {
            queue.wrote(chain);
            queue = null;
        }
    }

    @Override
    public void copyOut(long fromByte, MemorySegment target, int lengthBytes) {
        chain.copyOut(BlockLayout.HEADER_BYTES + fromByte, target, 0, lengthBytes);
    }

    @Override
    public void copyIn(long toByte, MemorySegment source, int lengthBytes) {
        chain.copyIn(toByte, source, 0, lengthBytes);
    }

    private static boolean isRange(long firstSector, long sectors, long capacitySectors) {
        return firstSector >= 0 && firstSector <= capacitySectors && sectors <= capacitySectors - firstSector;
    }

    private long rangeSector(int index) {
        return ranges.get(JAVA_LONG, (long) index * BlockLayout.RANGE_BYTES + BlockLayout.RANGE_SECTOR);
    }

    private long rangeSectors(int index) {
        return Integer.toUnsignedLong(rangeInt(index, BlockLayout.RANGE_NUM_SECTORS));
    }

    private int rangeInt(int index, int member) {
        return ranges.get(JAVA_INT, (long) index * BlockLayout.RANGE_BYTES + member);
    }
}
