package dev.lull.perf.bench;

import dev.lull.device.backend.DiskImage;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.block.VirtioBlock;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.SystemNanoClock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The block device without a guest: requests of 4 KiB from the available ring to the used ring, on an image in memory. A score
 * is the time of one request; {@code -prof gc} shows what it allocates.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class BlockPath {
    private static final int DEPTH = 32;
    private static final int SECTORS_PER_REQUEST = BlockGuest.REQUEST_BYTES / DiskImage.SECTOR_BYTES;
    private static final int IMAGE_REQUESTS = 16 << 10;

    private BlockGuest guest = new BlockGuest();

    @SuppressWarnings("NullAway.Init") // JMH calls what initializes it
    private VirtioBlock block;

    private Path path = Path.of("");
    private int next;

    /** Activates a disk on a new image. */
    @Setup
    public void open() throws IOException {
        path = Files.createTempFile(Path.of("/dev/shm"), "lull-bench", ".img");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            byte[] chunk = new byte[1 << 20];
            for (long i = 0; i < (long) IMAGE_REQUESTS * BlockGuest.REQUEST_BYTES; i += chunk.length) {
                file.write(chunk);
            }
        }
        block = new VirtioBlock(
                DiskImage.open(path, false, false),
                "benchmark",
                1,
                RateLimiter.unlimited(),
                DeviceStats.inMemory("disk0", 32),
                SystemNanoClock.INSTANCE);
        block.activate(guest);
    }

    /** Closes and deletes it. */
    @TearDown
    public void close() throws IOException {
        block.reset(() -> {});
        block.close();
        guest.close();
        Files.delete(path);
    }

    @Benchmark
    public void read() {
        run(1, false);
    }

    @Benchmark
    public void write() {
        run(1, true);
    }

    @Benchmark
    @OperationsPerInvocation(DEPTH)
    public void readDepth32() {
        run(DEPTH, false);
    }

    @Benchmark
    @OperationsPerInvocation(DEPTH)
    public void writeDepth32() {
        run(DEPTH, true);
    }

    private void run(int depth, boolean write) {
        for (int i = 0; i < depth; i++) {
            guest.describe(i, write);
            next = (next + 7919) & (IMAGE_REQUESTS - 1);
            guest.publish(i, (long) next * SECTORS_PER_REQUEST);
        }
        block.notified(0);
        while (!guest.isDone()) {
            guest.loop().doWork();
        }
    }
}
