package dev.lull.agent.machine;

import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.LinuxException;
import dev.lull.linux.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.ConcurrentCountersManager;
import org.agrona.concurrent.status.CountersManager;
import org.agrona.concurrent.status.CountersReader;
import org.jspecify.annotations.Nullable;

/**
 * Where a machine and its devices count: memory that is also a file, if asked for, which other processes map and read
 * without disturbing the machine ({@link CountersView}). The file goes with the machine.
 *
 * <p>Little-endian, from the start: the bytes {@code LULLCNT1}; as 32 bits the lengths of the two parts that follow, in bytes;
 * as 64 bits the process id; zeroes up to {@value #HEADER_BYTES}. Then the metadata and the values of Agrona's
 * {@link CountersReader}.
 */
final class CountersFile implements AutoCloseable {
    static final int HEADER_BYTES = 128;

    /** Room for 32 vCPUs and 31 disks, and as much again for what devices may come to count. */
    static final int MAX_COUNTERS = 1024;

    /** The type of a counter that is the machine's own; devices' have Agrona's default, 0. */
    static final int MACHINE_TYPE_ID = 1;

    static final long MAGIC = 0x3154_4E43_4C4C_554CL;

    private static final int METADATA_BYTES = MAX_COUNTERS * CountersReader.METADATA_LENGTH;
    private static final int VALUES_BYTES = MAX_COUNTERS * CountersReader.COUNTER_LENGTH;
    private static final int LENGTH_BYTES = HEADER_BYTES + METADATA_BYTES + VALUES_BYTES;

    private final @Nullable Path path;
    private final Mapping mapping;
    private final CountersManager counters;

    private CountersFile(@Nullable Path path, Mapping mapping) {
        this.path = path;
        this.mapping = mapping;
        long start = mapping.segment().address() + HEADER_BYTES;
        counters = new ConcurrentCountersManager(
                new UnsafeBuffer(start, METADATA_BYTES), new UnsafeBuffer(start + METADATA_BYTES, VALUES_BYTES));
    }

    /** Memory that is no file. */
    static CountersFile inMemory() {
        return new CountersFile(null, Mapping.anonymous(LENGTH_BYTES));
    }

    /**
     * A new file, in place of one that may be there. Its directory is made if it is missing.
     *
     * @throws ConfigException if that cannot be
     */
    static CountersFile at(Path path) {
        try {
            Path directory = path.toAbsolutePath().getParent();
            if (directory != null) {
                Files.createDirectories(directory);
            }
            Files.deleteIfExists(path);
            create(path);
            try (Fd fd = Fd.open(path.toString(), LinuxConstants.O_RDWR)) {
                return new CountersFile(path, Mapping.shared(fd, 0, LENGTH_BYTES));
            }
        } catch (IOException | LinuxException e) {
            throw new ConfigException("counters file " + path + " cannot be written: " + e.getMessage());
        }
    }

    CountersManager counters() {
        return counters;
    }

    /** Removes the file; nobody of this machine counts any more. */
    @Override
    public void close() {
        mapping.close();
        if (path != null) {
            // Whoever reads it keeps what he mapped.
            path.toFile().delete();
        }
    }

    private static void create(Path path) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(MAGIC)
                .putInt(METADATA_BYTES)
                .putInt(VALUES_BYTES)
                .putLong(ProcessHandle.current().pid())
                .rewind();
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            file.write(header);
            file.write(ByteBuffer.allocate(1), LENGTH_BYTES - 1L);
        }
    }
}
