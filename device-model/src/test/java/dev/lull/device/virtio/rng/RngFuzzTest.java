package dev.lull.device.virtio.rng;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lull.device.fuzz.SeededFuzz;
import dev.lull.device.virtio.DeviceFuzz;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RateLimiter;
import java.util.List;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;

/** Whatever a driver asks for, entropy goes into guest RAM and nowhere else; see {@link DeviceFuzz}. */
class RngFuzzTest {
    private static final DeviceFuzz TARGET = new DeviceFuzz(
            new VirtioRng(RateLimiter.unlimited(), DeviceStats.inMemory("rng0", 3), SystemNanoClock.INSTANCE), 0, 1);

    /** {@code JAZZER_FUZZ=1} searches; otherwise what was found before is tried again. */
    @FuzzTest
    void guided(byte[] input) {
        TARGET.run(input);
    }

    @Test
    void seeded() {
        byte[] one = {0, 0, 0, 10, 2, 0, 3, 0, 6};
        byte[] two = {0, 0, 0, 9, 3, 1, 1, 1, 16, 4, 2, 0, 3, 0, 3, 0, 6};
        new SeededFuzz("rng", 48, List.of(one, two)).run(TARGET::run);
        System.out.println("fuzz rng: " + TARGET.summary());
        assertThat(TARGET.wentDeep()).isTrue();
    }
}
