package dev.lull.perf.bench;

import dev.lull.device.backend.DiskBuffer;
import dev.lull.device.backend.DiskEngine;
import dev.lull.device.backend.DiskImage;
import dev.lull.device.backend.DiskRequest;
import dev.lull.linux.Epoll;
import dev.lull.linux.LinuxConstants;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * 4 KiB requests to the disk engine, {@link #depth} at a time: done at once, by io_uring and by the pool of threads. The image
 * lies in {@code -p directory=}; a score is the time of {@link #depth} requests.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DiskRequests {
    private static final int REQUEST_BYTES = 4096;
    private static final int IMAGE_BYTES = 64 << 20;

    /** For a clock on which everything takes long, an engine does nothing at once. */
    private static final class SlowClock implements NanoClock {
        private long nanos;

        @Override
        public long nanoTime() {
            nanos += 1L << 40;
            return nanos;
        }
    }

    private static final class NoBuffer implements DiskBuffer {
        @Override
        public void copyOut(long fromByte, MemorySegment target, int lengthBytes) {
            throw new IllegalStateException("aligned memory is not copied");
        }

        @Override
        public void copyIn(long toByte, MemorySegment source, int lengthBytes) {
            throw new IllegalStateException("aligned memory is not copied");
        }
    }

    /** Where the image lies: memory, or a disk. */
    @Param({"/dev/shm", "/var/tmp"})
    public String directory = "/dev/shm";

    /** How a request is carried out. */
    @Param({"at-once", "io_uring", "pool", "io_uring-direct", "pool-direct"})
    public String way = "at-once";

    /** How many requests are under way. */
    @Param({"1", "32"})
    public int depth = 1;

    private MemorySegment memory = MemorySegment.NULL;
    private DiskRequest[] requests = new DiskRequest[0];

    @SuppressWarnings("NullAway.Init") // JMH calls what initializes it
    private Bench bench;

    private long next;

    /** What is open from set-up to tear-down. */
    private record Bench(Path path, DiskImage image, DiskEngine engine, Epoll epoll) {}

    /** Makes an image with all its blocks written, and opens it. */
    @Setup
    public void open() throws IOException {
        Path path = Files.createTempFile(Path.of(directory), "lull-bench", ".img");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            byte[] chunk = new byte[1 << 20];
            for (int i = 0; i < IMAGE_BYTES; i += chunk.length) {
                file.write(chunk);
            }
            file.getFD().sync();
        }
        DiskImage image = DiskImage.open(path, false, way.endsWith("-direct"));
        DiskEngine engine = DiskEngine.of(
                way.startsWith("pool") ? DiskEngine.Kind.THREAD_POOL : DiskEngine.Kind.IO_URING,
                image,
                depth,
                way.equals("at-once") ? SystemNanoClock.INSTANCE : new SlowClock());
        Epoll epoll = new Epoll("benchmark", 1);
        epoll.add(engine.ready(), LinuxConstants.EPOLLIN, 0);
        bench = new Bench(path, image, engine, epoll);
        memory = Arena.ofAuto().allocate((long) depth * REQUEST_BYTES, REQUEST_BYTES);
        requests = new DiskRequest[depth];
        for (int i = 0; i < depth; i++) {
            requests[i] = new DiskRequest(i, 1, new NoBuffer());
        }
    }

    /** Closes and deletes the image. */
    @TearDown
    public void close() throws IOException {
        bench.engine().close();
        bench.image().close();
        bench.epoll().close();
        Files.delete(bench.path());
    }

    @Benchmark
    public void read() {
        for (DiskRequest request : requests) {
            aim(request);
            request.read(offset());
            bench.engine().start(request);
        }
        await();
    }

    @Benchmark
    public void write() {
        for (DiskRequest request : requests) {
            aim(request);
            request.write(offset(), false);
            bench.engine().start(request);
        }
        await();
    }

    private void aim(DiskRequest request) {
        request.pieces().clear();
        request.pieces().add(memory.address() + (long) request.slot() * REQUEST_BYTES, REQUEST_BYTES);
    }

    /** All over the image, in no order. */
    private long offset() {
        next = (next + 7919L * REQUEST_BYTES) & (IMAGE_BYTES - 1);
        return next;
    }

    private void await() {
        DiskEngine engine = bench.engine();
        engine.submit();
        while (engine.inFlight() > 0) {
            DiskRequest ended = engine.poll();
            if (ended == null) {
                bench.epoll().await(1000);
                engine.acknowledge();
            } else if (ended.error() != 0) {
                throw new IllegalStateException("a request failed: " + ended.error());
            }
        }
    }
}
