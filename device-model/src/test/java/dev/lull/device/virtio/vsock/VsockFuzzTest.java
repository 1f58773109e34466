package dev.lull.device.virtio.vsock;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lull.device.fuzz.SeededFuzz;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No input to a socket device does harm; see {@link VsockFuzzTarget}. */
class VsockFuzzTest {
    @TempDir
    private static Path directory;

    private static VsockFuzzTarget target;

    @BeforeAll
    static void open() {
        target = new VsockFuzzTarget(directory);
    }

    @AfterAll
    static void close() {
        target.close();
    }

    /** {@code JAZZER_FUZZ=1} searches; otherwise what was found before is tried again. */
    @FuzzTest
    void guided(byte[] input) {
        target.run(input);
    }

    @Test
    void seeded() {
        byte[] asked = {8, 0, 0, 1, 0, 10, 0, 2, 5, 100, 0, 5, 0, 12, 0, 9, 1, 9, 15, 0, 0, 3, 4, 13, 0};
        byte[] connected = {8, 11, 1, 9, 0, 1, 0, 2, 0, 12, 0, 50, 0, 9, 15, 14, 0, 1, 9, 0, 1, 0, 3, 0};
        byte[] refused = {8, 0, 4, 1, 0, 0, 4, 5, 0, 0, 16, 5, 0, 1, 0, 15, 9};
        new SeededFuzz("vsock", 160, List.of(asked, connected, refused)).run(target::run);
        System.out.println("fuzz vsock: " + target.summary());
        assertThat(target.wentDeep()).isTrue();
    }
}
