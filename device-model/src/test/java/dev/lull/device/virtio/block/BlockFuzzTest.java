package dev.lull.device.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lull.device.fuzz.SeededFuzz;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** No request to a disk does harm; see {@link BlockFuzzTarget}. */
class BlockFuzzTest {
    private static final BlockFuzzTarget TARGET = new BlockFuzzTarget();

    @AfterAll
    static void close() {
        TARGET.close();
    }

    /** {@code JAZZER_FUZZ=1} searches; otherwise what was found before is tried again. */
    @FuzzTest
    void guided(byte[] input) {
        TARGET.run(input);
    }

    @Test
    void seeded() {
        byte[] read = {0, 5, 0, 3, 0, 2, 0};
        byte[] write = {0, 4, 1, 7, 0, 4, 0};
        byte[] flush = {0, 0, 2, 0, 0, 0};
        byte[] zero = {0, 4, 0x15, 3, 0, 1, 8, 0, 1, 0};
        byte[] discard = {2, 4, 0x24, 2, 0, 5, 2, 0x40, 4, 1, 0, 6, 0};
        byte[] several = {0, 4, 1, 7, 0, 4, 0, 5, 0, 7, 0, 2, 0, 0, 3, 0, 0, 0};
        byte[] readOnly = {1, 4, 1, 7, 0, 4, 0};
        new SeededFuzz("block", 96, List.of(read, write, flush, zero, discard, several, readOnly)).run(TARGET::run);
        System.out.println("fuzz block: " + TARGET.summary());
        assertThat(TARGET.wentDeep()).isTrue();
    }
}
