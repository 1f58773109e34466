package dev.lull.agent.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.boot.BootState;
import dev.lull.device.memory.GuestMemory;
import dev.lull.linux.Mapping;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which pages the host provides before the guest runs. */
class EarlyMemoryTest {
    private static final long MIB = 1L << 20;
    private static final BootState KERNEL_AT_16_MIB = new BootState(16 * MIB, 0, 0, 0, 0, 16 * MIB, 40 * MIB + 1000);

    @Test
    void providesWhatIsTouchedFirstAndNoMore() throws IOException {
        try (Mapping mapping = Mapping.anonymous(256 * MIB)) {
            MemorySegment ram = mapping.segment();
            ram.set(ValueLayout.JAVA_LONG, 20 * MIB, 42);

            EarlyMemory.populate("test", memory(ram), KERNEL_AT_16_MIB).await();

            // From 16 to 64 MiB, and 4 MiB + 1/64 of the RAM at the top, up to a huge page more for each end.
            assertThat(residentMib(ram)).isBetween(48 + 8L, 48 + 8 + 4 * 2L);
            assertThat(ram.get(ValueLayout.JAVA_LONG, 20 * MIB)).isEqualTo(42);
        }
    }

    @Test
    void staysWithinLittleMemory() throws IOException {
        try (Mapping mapping = Mapping.anonymous(42 * MIB)) {
            EarlyMemory.populate("test", memory(mapping.segment()), KERNEL_AT_16_MIB)
                    .await();

            assertThat(residentMib(mapping.segment())).isBetween(26L, 28L);
        }
    }

    private static GuestMemory memory(MemorySegment ram) {
        return new GuestMemory(List.of(new GuestMemory.Region(0, ram)));
    }

    /** {@code Rss} of the mappings within {@code memory}: madvise splits them. */
    private static long residentMib(MemorySegment memory) throws IOException {
        long end = memory.address() + memory.byteSize();
        long kib = 0;
        boolean inside = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                long start = Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16);
                inside = start >= memory.address() && start < end;
            } else if (inside && line.startsWith("Rss:")) {
                kib += Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        return kib >> 10;
    }
}
