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
 * KVM's own account of a vCPU: values of 64 bits with names, in a file ({@code KVM_GET_STATS_FD}; Documentation/virt/kvm/api.rst,
 * 4.133). Reading it does not disturb the vCPU.
 */
public final class VcpuStats implements AutoCloseable {
    /** Whether the vCPU waits in KVM after a halt of its own: 0 or 1. */
    public static final String BLOCKING = "blocking";

    /** How often something woke it up while it waited; it runs as soon as it gets a CPU. */
    public static final String HALT_WAKEUP = "halt_wakeup";

    /** Nanoseconds it waited then. */
    public static final String HALT_WAIT_NANOS = "halt_wait_ns";

    /** How often it waited so long: value <i>n</i> counts the waits whose nanoseconds are <i>n</i> bits long, the last all longer. */
    public static final String HALT_WAIT_HISTOGRAM = "halt_wait_hist";

    private static final int HEADER_LIMIT_BYTES = 1 << 16;

    private record Place(int index, int length) {}

    private final Fd fd;
    private final Map<String, Place> places = new HashMap<>();
    private final long dataOffsetBytes;
    private final int length;

    VcpuStats(Fd fd) {
        this.fd = fd;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment head = arena.allocate(HEADER_LIMIT_BYTES, 8);
            read(head, 0);
            int nameBytes = head.get(JAVA_INT, KvmLayout.StatsHeader.NAME_SIZE);
            int count = head.get(JAVA_INT, KvmLayout.StatsHeader.NUM_DESC);
            int descriptors = head.get(JAVA_INT, KvmLayout.StatsHeader.DESC_OFFSET);
            dataOffsetBytes = head.get(JAVA_INT, KvmLayout.StatsHeader.DATA_OFFSET);
            int end = 0;
            for (int i = 0; i < count; i++) {
                long at = descriptors + (long) i * (KvmLayout.StatsDesc.SIZE + nameBytes);
                // The member "size" lies behind "exponent".
                int values = Short.toUnsignedInt(head.get(JAVA_SHORT, at + KvmLayout.StatsDesc.EXPONENT + Short.BYTES));
                int index = head.get(JAVA_INT, at + KvmLayout.StatsDesc.OFFSET) / Long.BYTES;
                places.put(head.getString(at + KvmLayout.StatsDesc.SIZE), new Place(index, values));
                end = Math.max(end, index + values);
            }
            length = end;
        } catch (KvmException e) {
            fd.close();
            throw e;
        }
    }

    /** The descriptor of the file; owned by this object. */
    public int number() {
        return fd.number();
    }

    /** Where in the file the values begin, in bytes. */
    public long dataOffsetBytes() {
        return dataOffsetBytes;
    }

    /** How many values there are. */
    public int length() {
        return length;
    }

    /**
     * The index of a value, or of the first of several of one name.
     *
     * @throws KvmException with {@code ENOENT} if this host's KVM does not keep it
     */
    public int index(String name) {
        return place(name).index();
    }

    /** How many values {@code name} has: 1, or the buckets of a histogram. As {@link #index}. */
    public int length(String name) {
        return place(name).length();
    }

    /** A value as it is now. As {@link #index}. */
    public long read(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_LONG);
            read(value, dataOffsetBytes + (long) index(name) * Long.BYTES);
            return value.get(JAVA_LONG, 0);
        }
    }

    @Override
    public void close() {
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
