package dev.lull.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lull.device.fuzz.SeededFuzz;
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
        new SeededFuzz("PCI", 192, SeededFuzz.corpus(PciFuzzTest.class, "guided")).run(TARGET::run);
        System.out.println("fuzz PCI: " + TARGET.summary());
        assertThat(TARGET.wentDeep()).isTrue();
    }
}
