package dev.lull.device.virtio.balloon;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lull.device.fuzz.SeededFuzz;
import dev.lull.device.virtio.DeviceFuzz;
import dev.lull.device.virtio.DeviceStats;
import java.util.List;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;

/** Whatever pages a driver names, those of guest RAM go and no others; see {@link DeviceFuzz}. */
class BalloonFuzzTest {
    private static final DeviceStats BALLOON_STATS = DeviceStats.inMemory("balloon0", 12);
    private static final VirtioBalloon BALLOON = new VirtioBalloon(
            new VirtioBalloon.Options(true, true, true, true, 4096), BALLOON_STATS, SystemNanoClock.INSTANCE);
    private static final DeviceFuzz TARGET =
            new DeviceFuzz(BALLOON, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5, 5, () -> BALLOON.startHinting(true));

    /** {@code JAZZER_FUZZ=1} searches; otherwise what was found before is tried again. */
    @FuzzTest
    void guided(byte[] input) {
        TARGET.run(input);
    }

    @Test
    void seeded() {
        byte[] inflated = {4, 0, 8, 5, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 3, 0, 0, 3, 0, 6};
        byte[] deflated = {4, 0, 8, 5, 0, 0, 0, 6, 0, 0, 0, 16, 0, 0, 3, 0, 0, 19, 0, 22};
        byte[] statistics = {4, 0, 10, 4, 0, 1, 2, 3, 4, 5, 6, 7, 8, 32, 0, 0, 4, 0, 0, 35, 0, 38};
        byte[] hinted = {4, 0, 4, 2, 0, 0, 0, 48, 0, 0, 2, 0, 0, 51, 0, 48, 1, 16, 11, 2, 0, 51, 1, 54};
        byte[] reported = {64, 0, 0, 11, 2, 0, 67, 0, 70};
        new SeededFuzz("balloon", 64, List.of(inflated, deflated, statistics, hinted, reported)).run(TARGET::run);
        System.out.println("fuzz balloon: " + TARGET.summary());
        assertThat(TARGET.wentDeep()).isTrue();
        assertThat(BALLOON_STATS.requests())
                .as("pages put in, taken out, reported and hinted")
                .allMatch(requests -> requests.requests() > 0);
    }
}
