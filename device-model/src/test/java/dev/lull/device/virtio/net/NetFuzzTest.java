package dev.lull.device.virtio.net;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lull.device.fuzz.SeededFuzz;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** No input to a network device does harm; see {@link NetFuzzTarget}. */
class NetFuzzTest {
    private static final NetFuzzTarget TARGET = new NetFuzzTarget();

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
        byte[] received = {0, 0, 0, 0, 0, 0, 0, 2, 2, 0, 1, 0, 0, 4, 0, 100, 0, 3, 0};
        byte[] transmitted = {0, 0, 1, 0, 0, 0, 0, 0, 72, 0, 0, 1, 1, 0, 2, 0, 1};
        byte[] commanded = {0, 5, 0, 3, 0, 0, 1, 5, 0, 8, 1, 1, 2, 0, 0, 0, 0, 9, 5, 0, 10, 5, 0, 2, 0, 0, 0};
        byte[] detoured = {
            0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 72, 0, 0, 1, 1, 0, 2, 0, 1
        };
        new SeededFuzz("net", 160, List.of(received, transmitted, detoured, commanded)).run(TARGET::run);
        System.out.println("fuzz net: " + TARGET.summary());
        assertThat(TARGET.wentDeep()).isTrue();
    }
}
