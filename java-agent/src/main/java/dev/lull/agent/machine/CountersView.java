package dev.lull.agent.machine;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersReader;

/**
 * A machine's counters file as other programs see it: mapped, read-only. Reading costs the machine nothing. Used by one
 * thread.
 */
public final class CountersView implements AutoCloseable {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int METADATA_LENGTH_OFFSET = 8;
    private static final int VALUES_LENGTH_OFFSET = 12;

    /** A refresh takes microseconds and comes once a second: the second attempt succeeds, if not the first. */
    private static final int ATTEMPTS = 5;

    private final Arena arena;
    private final CountersReader counters;
    private int timeId = CountersReader.NULL_COUNTER_ID;

    private CountersView(Arena arena, CountersReader counters) {
        this.arena = arena;
        this.counters = counters;
    }

    /**
     * Maps the file at {@code path}.
     *
     * @throws IOException if there is none, or it is no counters file
     */
    public static CountersView open(Path path) throws IOException {
        Arena arena = Arena.ofConfined();
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            return new CountersView(
                    arena, reader(path, file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena)));
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /** What the counters say now. */
    public CountersReading read() {
        for (int attempt = 1; true; attempt++) {
            long timeNanos = timeNanos();
            CountersCollector collector = new CountersCollector(counters);
            counters.forEach(collector);
            boolean ofOneMoment = timeNanos != 0 && timeNanos == timeNanos();
            if (ofOneMoment || attempt == ATTEMPTS) {
                return collector.reading(ofOneMoment ? timeNanos : 0);
            }
        }
    }

    @Override
    public void close() {
        arena.close();
    }

    private long timeNanos() {
        if (timeId == CountersReader.NULL_COUNTER_ID) {
            counters.forEach((counterId, typeId, keyBuffer, label) -> {
                if (typeId == CountersFile.MACHINE_TYPE_ID && label.equals(MachineCounters.TIME)) {
                    timeId = counterId;
                }
            });
        }
        return timeId == CountersReader.NULL_COUNTER_ID ? 0 : counters.getCounterValue(timeId);
    }

    private static CountersReader reader(Path path, MemorySegment bytes) throws IOException {
        if (bytes.byteSize() < CountersFile.HEADER_BYTES || bytes.get(LONG, 0) != CountersFile.MAGIC) {
            throw new IOException(path + " is no counters file");
        }
        int metadataBytes = bytes.get(INT, METADATA_LENGTH_OFFSET);
        int valuesBytes = bytes.get(INT, VALUES_LENGTH_OFFSET);
        boolean whole = metadataBytes >= 0
                && metadataBytes / CountersReader.METADATA_LENGTH <= valuesBytes / CountersReader.COUNTER_LENGTH
                && (long) metadataBytes + valuesBytes <= bytes.byteSize() - CountersFile.HEADER_BYTES;
        if (!whole) {
            throw new IOException(path + " is not a whole counters file");
        }
        long start = bytes.address() + CountersFile.HEADER_BYTES;
        return new CountersReader(
                new UnsafeBuffer(start, metadataBytes), new UnsafeBuffer(start + metadataBytes, valuesBytes));
    }
}
