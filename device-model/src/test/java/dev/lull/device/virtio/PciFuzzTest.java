package dev.lull.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lull.device.fuzz.SeededFuzz;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** No input to a virtio device's configuration space and registers does harm; see {@link PciFuzzTarget}. */
class PciFuzzTest {
    private static final PciFuzzTarget TARGET = new PciFuzzTarget();

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
        byte[] working = {7, 0x20, 0, 1, 9, 0, 0, 0, 9, 0, 0, 0, 12};
        byte[] broken = {7, 3, 1, 2, 9, 4, 9, 0, 0, 12, 5, 6, 0, 0, 0, 0, 7, 0, 0, 0};
        byte[] moved = {7, 0, 1, 1, 6, 2, 0, 2, 6, 5, 0, 3, 9, 0, 0, 0, 6, 3, 0, 2, 10, 12, 0, 2, 10, 12, 1, 3};
        new SeededFuzz("PCI", 192, List.of(working, broken, moved)).run(TARGET::run);
        System.out.println("fuzz PCI: " + TARGET.summary());
        assertThat(TARGET.wentDeep()).isTrue();
    }
}
