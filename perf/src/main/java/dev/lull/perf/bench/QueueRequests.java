package dev.lull.perf.bench;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.lull.device.memory.GuestMemory;
import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.SplitQueue;
import dev.lull.device.virtio.VirtioFeature;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A split queue without a guest: what taking requests, of a header, a buffer and a status as a disk's, and returning them
 * costs, one at a time and in batches. The driver's part is one store a request.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class QueueRequests {
    private static final int SIZE = 256;
    private static final int BATCH = 64;
    private static final int PIECES = 3;
    private static final int DIRECT_REQUESTS = SIZE / PIECES;
    private static final int MEMORY_BYTES = 64 << 20;
    private static final long DRIVER_AREA = 0x10000;
    private static final long DEVICE_AREA = 0x20000;
    private static final long TABLES = 0x30000;
    private static final long BUFFERS = 32 << 20;
    private static final int WRITE = 2;
    private static final int NEXT = 1;
    private static final int INDIRECT = 4;
    private static final VarHandle INDEX = JAVA_SHORT.varHandle();

    /** How the driver lays out a request. */
    public enum Layout {
        /** Three descriptors of the queue. */
        DIRECT,
        /** One descriptor, which refers to a table of three. */
        INDIRECT
    }

    @Param
    private Layout layout = Layout.DIRECT;

    private long interrupts;
    private final MemorySegment memory = Arena.ofAuto().allocate(MEMORY_BYTES, 4096);
    private final SplitQueue queue = new SplitQueue(
            new GuestMemory(List.of(new GuestMemory.Region(0, memory))),
            SIZE,
            0,
            DRIVER_AREA,
            DEVICE_AREA,
            (1L << VirtioFeature.INDIRECT_DESC) | (1L << VirtioFeature.EVENT_IDX),
            () -> interrupts++);
    private final DescriptorChain chain = new DescriptorChain(SIZE);
    private short available;

    /** Writes descriptors and the available ring's entries, which stay as they are. */
    @Setup
    public void fill() {
        for (int i = 0; i < SIZE; i++) {
            int head = layout == Layout.INDIRECT ? i : i % DIRECT_REQUESTS * PIECES;
            memory.set(JAVA_SHORT, DRIVER_AREA + 4 + 2L * i, (short) head);
            if (layout == Layout.INDIRECT) {
                long table = TABLES + 16L * PIECES * i;
                request(table, 0, i);
                descriptor(16L * i, table, 16 * PIECES, INDIRECT, 0);
            }
        }
        for (int i = 0; layout == Layout.DIRECT && i < DIRECT_REQUESTS; i++) {
            request(0, i * PIECES, i);
        }
    }

    /** Each request by itself: a doorbell, a completion, an interrupt if asked for. */
    @Benchmark
    public int single() {
        INDEX.setRelease(memory, DRIVER_AREA + 2, ++available);
        queue.suppressDoorbells();
        int served = serve();
        queue.armDoorbells();
        return served;
    }

    /** Many requests at one doorbell. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int batch() {
        available = (short) (available + BATCH);
        INDEX.setRelease(memory, DRIVER_AREA + 2, available);
        queue.suppressDoorbells();
        int served = serve();
        queue.armDoorbells();
        return served;
    }

    private int serve() {
        int served = 0;
        while (queue.poll(chain)) {
            queue.complete(chain, chain.pieces());
            served++;
        }
        queue.flush();
        return served;
    }

    private void request(long table, int first, int number) {
        long buffer = BUFFERS + 8192L * number;
        descriptor(table + 16L * first, buffer, 16, NEXT, first + 1);
        descriptor(table + 16L * (first + 1), buffer + 4096, 4096, NEXT | WRITE, first + 2);
        descriptor(table + 16L * (first + 2), buffer + 16, 1, WRITE, 0);
    }

    private void descriptor(long gpa, long buffer, int lengthBytes, int flags, int next) {
        memory.set(JAVA_LONG, gpa, buffer);
        memory.set(JAVA_INT, gpa + 8, lengthBytes);
        memory.set(JAVA_SHORT, gpa + 12, (short) flags);
        memory.set(JAVA_SHORT, gpa + 14, (short) next);
    }
}
