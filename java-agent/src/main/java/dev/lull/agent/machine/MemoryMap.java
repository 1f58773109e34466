package dev.lull.agent.machine;

import dev.lull.device.memory.GuestMemory;
import dev.lull.kvm.VmFd;
import dev.lull.linux.Errno;
import dev.lull.linux.LinuxException;
import dev.lull.linux.Mapping;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Guest RAM and its memory slots: one region below the PCI hole, and one from 4 GiB on for what does not fit there.
 *
 * <p>The hole, 3–4 GiB, holds what is not RAM on a PC: BARs, ECAM, the I/O APIC and local APICs, a page of
 * Lull's and KVM's own.
 */
final class MemoryMap implements AutoCloseable {
    static final long HUGE_PAGE_BYTES = 2L << 20;
    static final long HOLE_START_GPA = 3L << 30;
    static final long HOLE_END_GPA = 4L << 30;

    /** Three pages KVM needs on Intel processors, below the top of the hole and beside the BIOS area. */
    static final long TSS_GPA = 0xFFFB_D000L;

    static final long IDENTITY_MAP_GPA = 0xFFFB_C000L;

    /** The page of a guest's counter, if it has one; see {@link ScaledCounter}. */
    static final long COUNTER_GPA = 0xFFFB_B000L;

    /** Behind those of RAM. */
    static final int COUNTER_SLOT = 2;

    private final List<Mapping> mappings = new ArrayList<>();
    private final GuestMemory memory;

    private MemoryMap(long sizeBytes, boolean hugePages) {
        List<GuestMemory.Region> regions = new ArrayList<>();
        try {
            long lowBytes = Math.min(sizeBytes, HOLE_START_GPA);
            regions.add(map(0, lowBytes, hugePages));
            if (sizeBytes > lowBytes) {
                regions.add(map(HOLE_END_GPA, sizeBytes - lowBytes, hugePages));
            }
        } catch (LinuxException e) {
            close();
            throw e;
        }
        memory = new GuestMemory(regions);
    }

    /**
     * Maps guest RAM.
     *
     * @throws ConfigException if the host has not as much
     */
    static MemoryMap allocate(long sizeBytes, boolean hugePages) {
        long hostBytes = hostMemoryBytes();
        if (sizeBytes > hostBytes) {
            throw new ConfigException(
                    "memory %d MiB: this host has %d MiB; give less".formatted(sizeBytes >> 20, hostBytes >> 20));
        }
        try {
            return new MemoryMap(sizeBytes, hugePages);
        } catch (LinuxException e) {
            if (e.errno() != Errno.ENOMEM) {
                throw e;
            }
            long sizeMib = sizeBytes >> 20;
            throw new ConfigException(
                    hugePages
                            ? "memory %d MiB: not enough free huge pages; raise /proc/sys/vm/nr_hugepages by %d"
                                    .formatted(sizeMib, sizeMib / 2)
                            : "memory %d MiB: the host will not map as much; give less".formatted(sizeMib));
        }
    }

    GuestMemory memory() {
        return memory;
    }

    void attachTo(VmFd vm) {
        setSlots(vm, memory, 0);
    }

    /**
     * Makes the memory slots of {@code memory}, one a region in its order, or gives them other flags.
     *
     * @param flags {@code KVM_MEM_…} of {@link dev.lull.kvm.KvmConstants}
     */
    static void setSlots(VmFd vm, GuestMemory memory, int flags) {
        int slot = 0;
        for (GuestMemory.Region region : memory.regions()) {
            vm.setMemoryRegion(slot++, flags, region.gpa(), region.segment());
        }
    }

    @Override
    public void close() {
        mappings.forEach(Mapping::close);
    }

    private GuestMemory.Region map(long gpa, long sizeBytes, boolean hugePages) {
        Mapping mapping = hugePages ? Mapping.hugePages(sizeBytes) : Mapping.anonymous(sizeBytes);
        mappings.add(mapping);
        return new GuestMemory.Region(gpa, mapping.segment());
    }

    /** {@code MemTotal} of {@code /proc/meminfo}, which is its first line. */
    private static long hostMemoryBytes() {
        try (var reader = Files.newBufferedReader(Path.of("/proc/meminfo"))) {
            String line = reader.readLine();
            long kib = 0;
            for (int i = 0; line != null && i < line.length(); i++) {
                char c = line.charAt(i);
                if (c >= '0' && c <= '9') {
                    kib = kib * 10 + (c - '0');
                }
            }
            return kib << 10;
        } catch (IOException e) {
            throw new MachineException("cannot read /proc/meminfo: is /proc mounted?", e);
        }
    }
}
