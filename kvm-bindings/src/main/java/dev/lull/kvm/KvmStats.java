package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * KVM's own account of something: values of 64 bits with names, in a file ({@code KVM_GET_STATS_FD}; Documentation/virt/kvm/api.rst,
 * 4.133). Reading it disturbs nobody.
 */
public abstract sealed class KvmStats implements AutoCloseable permits VcpuStats, VmStats {
    private static final int HEADER_LIMIT_BYTES = 1 << 16;

    private record Place(int index, int length) {}

    private final Fd fd;
    private final Map<String, Place> places = new HashMap<>();
    private final long dataOffsetBytes;

    KvmStats(Fd fd) {
        this.fd = fd;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment head = arena.allocate(HEADER_LIMIT_BYTES, 8);
            read(head, 0);
            int nameBytes = head.get(JAVA_INT, KvmLayout.StatsHeader.NAME_SIZE);
            int count = head.get(JAVA_INT, KvmLayout.StatsHeader.NUM_DESC);
            int descriptors = head.get(JAVA_INT, KvmLayout.StatsHeader.DESC_OFFSET);
            dataOffsetBytes = head.get(JAVA_INT, KvmLayout.StatsHeader.DATA_OFFSET);
            for (int i = 0; i < count; i++) {
                long at = descriptors + (long) i * (KvmLayout.StatsDesc.SIZE + nameBytes);
                // The member "size" lies behind "exponent".
                int values = Short.toUnsignedInt(head.get(JAVA_SHORT, at + KvmLayout.StatsDesc.EXPONENT + Short.BYTES));
                int index = head.get(JAVA_INT, at + KvmLayout.StatsDesc.OFFSET) / Long.BYTES;
                places.put(head.getString(at + KvmLayout.StatsDesc.SIZE), new Place(index, values));
            }
        } catch (KvmException e) {
            fd.close();
            throw e;
        }
    }

    /** The descriptor of the file; owned by this object. */
    public final int number() {
        return fd.number();
    }

    /** Where in the file the values begin, in bytes. */
    public final long dataOffsetBytes() {
        return dataOffsetBytes;
    }

    /**
     * The index of a value, or of the first of several of one name.
     *
     * @throws KvmException with {@code ENOENT} if this host's KVM does not keep it
     */
    public final int index(String name) {
        return place(name).index();
    }

    /** How many values {@code name} has: 1, or the buckets of a histogram. As {@link #index}. */
    public final int length(String name) {
        return place(name).length();
    }

    /** A value as it is now. As {@link #index}. */
    public final long read(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_LONG);
            read(value, dataOffsetBytes + (long) index(name) * Long.BYTES);
            return value.get(JAVA_LONG, 0);
        }
    }

    @Override
    public final void close() {
        fd.close();
    }

    private Place place(String name) {
        Place place = places.get(name);
        if (place == null) {
            throw new KvmException("KVM_GET_STATS_FD " + name, fd.name(), Errno.ENOENT);
        }
        return place;
    }

    private void read(MemorySegment to, long offsetBytes) {
        long result = fd.readAt(to, offsetBytes);
        if (result < 0) {
            throw new KvmException("pread", fd.name(), (int) -result);
        }
    }
}
