package dev.lull.kvm;

import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file in the format of KVM's statistics, of a vCPU that does what a test says. */
public final class StatsFile {
    private static final int NAME_BYTES = 48;
    private static final int HEADER_BYTES = 24;
    private static final int DESCRIPTOR_BYTES = 16 + NAME_BYTES;
    private static final String[] NAMES = {
        VcpuStats.HALT_WAIT_HISTOGRAM, VcpuStats.HALT_WAKEUP, VcpuStats.HALT_WAIT_NANOS, VcpuStats.BLOCKING
    };
    private static final int BUCKETS = 32;
    private static final int DATA_OFFSET = HEADER_BYTES + 4 * DESCRIPTOR_BYTES;

    private final Path path;
    private final long[] gaps = new long[BUCKETS];
    private long wakeups;
    private boolean blocking;
    private int usual = BUCKETS - 1;

    /** A vCPU that has not halted yet. */
    public StatsFile(Path path) throws IOException {
        this.path = path;
        write();
    }

    /** The file as KVM's own would be opened. */
    public VcpuStats open() {
        return new VcpuStats(Fd.open(path.toString(), LinuxConstants.O_RDONLY));
    }

    /** It halts. */
    public void halt() throws IOException {
        endRest();
        blocking = true;
        write();
    }

    /** It is awake. */
    public void wake() throws IOException {
        endRest();
        blocking = false;
        write();
    }

    /** Something has woken it up, and it has no CPU to run on yet. */
    public void wakeUp() throws IOException {
        wakeups++;
        write();
    }

    /** It has rested {@code count} times, for {@code nanos} each. */
    public void rested(long count, long nanos) throws IOException {
        usual = Math.min(BUCKETS - 1, Long.SIZE - Long.numberOfLeadingZeros(nanos));
        gaps[usual] += count;
        write();
    }

    private void endRest() {
        if (blocking) {
            gaps[usual]++;
            wakeups++;
        }
    }

    private void write() throws IOException {
        ByteBuffer file =
                ByteBuffer.allocate(DATA_OFFSET + (BUCKETS + 3) * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0)
                .putInt(NAME_BYTES)
                .putInt(NAMES.length)
                .putInt(0)
                .putInt(HEADER_BYTES)
                .putInt(DATA_OFFSET);
        int index = 0;
        for (int i = 0; i < NAMES.length; i++) {
            int length = i == 0 ? BUCKETS : 1;
            file.position(HEADER_BYTES + i * DESCRIPTOR_BYTES);
            file.putInt(0)
                    .putShort((short) 0)
                    .putShort((short) length)
                    .putInt(index * Long.BYTES)
                    .putInt(0);
            file.put(NAMES[i].getBytes(StandardCharsets.UTF_8));
            index += length;
        }
        file.position(DATA_OFFSET);
        for (long gap : gaps) {
            file.putLong(gap);
        }
        file.putLong(wakeups).putLong(0).putLong(blocking ? 1 : 0);
        // Overwritten in place: the descriptor that reads it stays on the same file.
        try (var channel = Files.newByteChannel(
                path, java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.WRITE)) {
            channel.write(file.flip().limit(file.capacity()));
        }
    }
}
