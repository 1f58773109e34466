package dev.lull.device.virtio.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.lull.device.backend.DiskEngine;
import dev.lull.device.backend.DiskImage;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.RequestStats;
import dev.lull.device.virtio.TestContext;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.VirtioFeature;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/** A disk on a file, and the driver of a guest that is not there. */
final class BlockDriver implements AutoCloseable {
    static final long FEATURES = 1L << BlockLayout.F_FLUSH
            | 1L << BlockLayout.F_CONFIG_WCE
            | 1L << BlockLayout.F_MQ
            | 1L << VirtioFeature.INDIRECT_DESC;

    final TestGuest guest = new TestGuest();
    final TestQueue[] queues;
    final DiskImage image;
    final DeviceStats stats = DeviceStats.inMemory("disk0", 32);
    final VirtioBlock block;
    final TestContext context;

    BlockDriver(Path path) {
        this(path, false, FEATURES);
    }

    BlockDriver(Path path, boolean readOnly, long features) {
        this(path, readOnly, features, RateLimiter.unlimited(), SystemNanoClock.INSTANCE, DiskEngine.Kind.IO_URING);
    }

    BlockDriver(
            Path path, boolean readOnly, long features, RateLimiter limiter, NanoClock clock, DiskEngine.Kind kind) {
        queues = new TestQueue[] {new TestQueue(guest, 256, features), new TestQueue(guest, 256, features)};
        image = DiskImage.open(path, readOnly, false);
        DiskEngine engine = DiskEngine.of(kind, image, VirtioBlock.QUEUE_SIZE, clock);
        block = new VirtioBlock(image, engine, "a serial number of 24 by", 2, limiter, stats, SystemNanoClock.INSTANCE);
        context = new TestContext(guest, features, queues);
        context.activate(block);
    }

    /** A file of {@code sizeBytes}, zeroes where it grows. */
    static Path image(Path directory, long sizeBytes) throws IOException {
        Path path = directory.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(sizeBytes);
        }
        return path;
    }

    static byte[] header(int type, long sector) {
        MemorySegment header = MemorySegment.ofArray(new byte[BlockLayout.HEADER_BYTES]);
        header.set(JAVA_INT_UNALIGNED, BlockLayout.HEADER_TYPE, type);
        header.set(JAVA_LONG_UNALIGNED, BlockLayout.HEADER_SECTOR, sector);
        return header.toArray(JAVA_BYTE);
    }

    /** Ranges of a discard: sector, number of sectors and flags each. */
    static byte[] ranges(long... values) {
        MemorySegment ranges = MemorySegment.ofArray(new byte[values.length / 3 * BlockLayout.RANGE_BYTES]);
        for (int i = 0; i < values.length; i += 3) {
            long at = (long) i / 3 * BlockLayout.RANGE_BYTES;
            ranges.set(JAVA_LONG_UNALIGNED, at + BlockLayout.RANGE_SECTOR, values[i]);
            ranges.set(JAVA_INT_UNALIGNED, at + BlockLayout.RANGE_NUM_SECTORS, (int) values[i + 1]);
            ranges.set(JAVA_INT_UNALIGNED, at + BlockLayout.RANGE_FLAGS, (int) values[i + 2]);
        }
        return ranges.toArray(JAVA_BYTE);
    }

    RequestStats requests(int index) {
        return stats.requests().get(index);
    }

    /** Rings the first queue's doorbell and waits for a used element. */
    TestQueue.Used await() {
        block.notified(0);
        return await(queues[0]);
    }

    TestQueue.Used await(TestQueue queue) {
        TestQueue.@Nullable Used[] used = new TestQueue.Used[1];
        context.turnUntil(() -> (used[0] = queue.takeUsed()) != null);
        TestQueue.Used taken = used[0];
        if (taken == null) {
            throw new AssertionError("nothing was used");
        }
        return taken;
    }

    /** Makes a request of a header, what the device reads and what it writes, and waits for its status. */
    int request(int type, long sector, byte[] data, int writableBytes) {
        return lastStatus(chain(type, sector, data, writableBytes));
    }

    /** The chain of {@link #request}, not published. */
    TestQueue.Chain chain(int type, long sector, byte[] data, int writableBytes) {
        TestQueue.Chain chain = queues[0].chain().readable(header(type, sector));
        if (data.length > 0) {
            chain.readable(data);
        }
        if (writableBytes > 0) {
            chain.writable(writableBytes);
        }
        return chain.writable(1);
    }

    private int lastStatus(TestQueue.Chain chain) {
        TestQueue.Chain published = chain;
        published.publish();
        await();
        return status(published);
    }

    /** The last byte of a chain's buffers. */
    static int status(TestQueue.Chain chain) {
        int last = 0;
        while (hasBuffer(chain, last + 1)) {
            last++;
        }
        byte[] bytes = chain.bytes(last);
        return bytes[bytes.length - 1];
    }

    private static boolean hasBuffer(TestQueue.Chain chain, int index) {
        try {
            chain.buffer(index);
            return true;
        } catch (IndexOutOfBoundsException e) {
            return false;
        }
    }

    @Override
    public void close() {
        context.reset();
        block.close();
        stats.close();
        context.close();
    }
}
