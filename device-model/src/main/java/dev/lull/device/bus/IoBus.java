package dev.lull.device.bus;

import java.util.Arrays;

/**
 * An address space of regions: ports, or guest-physical addresses outside RAM.
 *
 * <p>Regions are added and removed under a lock and published whole, so that look-ups need none. Each vCPU looks up
 * through a {@link View} of its own, which remembers its last hit.
 */
public final class IoBus {
    /** What a PC reads where nothing answers. */
    public static final long FLOATING = -1;

    private static final IoRegion NOTHING = new IoRegion() {
        @Override
        public long read(long offset, int sizeBytes) {
            return FLOATING;
        }

        @Override
        public void write(long offset, int sizeBytes, long value) {}
    };

    /** Parallel arrays in ascending order of start; never changed once published. */
    private static final class Map {
        final long[] starts;
        final long[] lengths;
        final IoRegion[] regions;

        Map(long[] starts, long[] lengths, IoRegion[] regions) {
            this.starts = starts;
            this.lengths = lengths;
            this.regions = regions;
        }
    }

    private final String name;
    private volatile Map map = new Map(new long[0], new long[0], new IoRegion[0]);

    /** @param name for messages */
    public IoBus(String name) {
        this.name = name;
    }

    /**
     * Gives {@code region} the addresses {@code [start, start + lengthBytes)}.
     *
     * @throws IllegalArgumentException if one of them is taken
     */
    public void add(long start, long lengthBytes, IoRegion region) {
        if (!tryAdd(start, lengthBytes, region)) {
            throw new IllegalArgumentException("%s 0x%x+0x%x is taken or empty".formatted(name, start, lengthBytes));
        }
    }

    /** As {@link #add}, but without effect, and false, if an address is taken. */
    public synchronized boolean tryAdd(long start, long lengthBytes, IoRegion region) {
        Map old = map;
        int at = insertionPoint(old.starts, start);
        boolean overlapsBefore = at > 0 && start - old.starts[at - 1] < old.lengths[at - 1];
        boolean overlapsAfter = at < old.starts.length && old.starts[at] - start < lengthBytes;
        if (lengthBytes <= 0 || overlapsBefore || overlapsAfter) {
            return false;
        }
        map = new Map(
                insert(old.starts, at, start), insert(old.lengths, at, lengthBytes), insert(old.regions, at, region));
        return true;
    }

    /** Takes the addresses of {@code region} away from it. */
    public synchronized void remove(IoRegion region) {
        Map old = map;
        int at = Arrays.asList(old.regions).indexOf(region);
        if (at >= 0) {
            IoRegion[] regions = new IoRegion[old.regions.length - 1];
            System.arraycopy(old.regions, 0, regions, 0, at);
            System.arraycopy(old.regions, at + 1, regions, at, regions.length - at);
            map = new Map(delete(old.starts, at), delete(old.lengths, at), regions);
        }
    }

    /** A way to look up for one thread. */
    public View view() {
        return new View(this);
    }

    private static int insertionPoint(long[] starts, long start) {
        int found = Arrays.binarySearch(starts, start);
        return found >= 0 ? found : -found - 1;
    }

    private static long[] insert(long[] array, int at, long value) {
        long[] result = Arrays.copyOf(array, array.length + 1);
        System.arraycopy(array, at, result, at + 1, array.length - at);
        result[at] = value;
        return result;
    }

    private static IoRegion[] insert(IoRegion[] array, int at, IoRegion value) {
        IoRegion[] result = Arrays.copyOf(array, array.length + 1);
        System.arraycopy(array, at, result, at + 1, array.length - at);
        result[at] = value;
        return result;
    }

    private static long[] delete(long[] array, int at) {
        long[] result = new long[array.length - 1];
        System.arraycopy(array, 0, result, 0, at);
        System.arraycopy(array, at + 1, result, at, result.length - at);
        return result;
    }

    /** The bus as one thread sees it: the region of its last access is tried first, in the caller's own code. */
    public static final class View {
        private final IoBus bus;
        private Map lastMap;
        private long lastStart;
        private long lastLength;
        private IoRegion lastRegion = NOTHING;

        private View(IoBus bus) {
            this.bus = bus;
            this.lastMap = bus.map;
        }

        /** Reads at {@code address}; {@link IoBus#FLOATING} where nothing answers. */
        public long read(long address, int sizeBytes) {
            long offset = address - lastStart;
            return isLast(offset) ? lastRegion.read(offset, sizeBytes) : readElsewhere(address, sizeBytes);
        }

        /** Writes at {@code address}; lost where nothing answers. */
        public void write(long address, int sizeBytes, long value) {
            long offset = address - lastStart;
            if (isLast(offset)) {
                lastRegion.write(offset, sizeBytes, value);
            } else {
                writeElsewhere(address, sizeBytes, value);
            }
        }

        private boolean isLast(long offset) {
            return Long.compareUnsigned(offset, lastLength) < 0 && lastMap == bus.map;
        }

        private long readElsewhere(long address, int sizeBytes) {
            IoRegion region = search(address);
            return region.read(address - lastStart, sizeBytes);
        }

        private void writeElsewhere(long address, int sizeBytes, long value) {
            IoRegion region = search(address);
            region.write(address - lastStart, sizeBytes, value);
        }

        private IoRegion search(long address) {
            Map map = bus.map;
            int found = Arrays.binarySearch(map.starts, address);
            int at = found >= 0 ? found : -found - 2;
            if (at < 0 || address - map.starts[at] >= map.lengths[at]) {
                return NOTHING;
            }
            lastMap = map;
            lastStart = map.starts[at];
            lastLength = map.lengths[at];
            lastRegion = map.regions[at];
            return lastRegion;
        }
    }
}
