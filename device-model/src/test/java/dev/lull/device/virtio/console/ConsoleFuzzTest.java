package dev.lull.device.virtio.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lull.device.fuzz.SeededFuzz;
import dev.lull.device.virtio.DeviceFuzz;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import java.util.List;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;

/** Whatever a driver sends or wants to receive, the console passes on or refuses; see {@link DeviceFuzz}. */
class ConsoleFuzzTest {
    private static final DeviceStats STATS = DeviceStats.inMemory("console0", 6);
    private static final VirtioConsole CONSOLE = new VirtioConsole(
            // An output that takes all, half or nothing.
            (source, offset, length) -> offset % 3 == 0 ? length : offset % 3 == 1 ? length / 2 : 0,
            STATS,
            SystemNanoClock.INSTANCE);
    private static final DeviceFuzz TARGET = new DeviceFuzz(CONSOLE, 1, 2);
    private static final RequestStats RECEIVED = STATS.requests().getFirst();
    private static final byte[] TYPED = new byte[40];
    private static long typedBytes;

    /** {@code JAZZER_FUZZ=1} searches; otherwise what was found before is tried again. */
    @FuzzTest
    void guided(byte[] input) {
        run(input);
    }

    @Test
    void seeded() {
        byte[] sent = {16, 0, 2, 10, 1, 1, 17, 1, 18, 4, 0, 0, 19, 0, 22, 22};
        byte[] received = {0, 0, 0, 10, 2, 0, 3, 0, 6, 3, 0, 6};
        new SeededFuzz("console", 64, List.of(sent, received)).run(ConsoleFuzzTest::run);
        System.out.println("fuzz console: " + TARGET.summary());
        assertThat(TARGET.wentDeep()).isTrue();
    }

    private static void run(byte[] input) {
        try {
            // There is always something to receive, and never so much that this thread would wait for itself.
            while (typedBytes - RECEIVED.bytes() < ConsoleInput.CAPACITY_BYTES / 2) {
                CONSOLE.receive(TYPED, 0, TYPED.length);
                typedBytes += TYPED.length;
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        TARGET.run(input);
    }
}
