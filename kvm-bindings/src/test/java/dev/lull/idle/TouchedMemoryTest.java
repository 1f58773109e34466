package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.kvm.VmStats;
import dev.lull.kvm.VmStatsFile;
import dev.lull.linux.Mapping;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sample, and what it does not do, beside statistics that a test writes; {@code WorkingSetTest} has a guest. */
@Requires(Facility.ROOT)
class TouchedMemoryTest {
    private static final long PIECE_BYTES = 2 << 20;
    private static final long STEP_NANOS = 50_000;

    @TempDir
    Path directory;

    private final Mapping memory = Mapping.anonymous(10 * PIECE_BYTES + Mapping.PAGE_BYTES);

    @AfterEach
    void unmap() {
        memory.close();
    }

    private TouchedMemory sample(VmStats stats, int most) {
        return new TouchedMemory(List.of(memory.segment()), stats, new SplittableRandom(1), most);
    }

    private static void walk(TouchedMemory sample) {
        while (sample.step(STEP_NANOS) == IdleOutcome.MORE) {
            assertThat(sample.error()).isZero();
        }
        assertThat(sample.error()).isZero();
    }

    @Test
    void everyPieceOfTheSampleIsTakenTwiceAndKeepsWhatItHolds() throws Exception {
        for (long at = 0; at < memory.segment().byteSize(); at += Mapping.PAGE_BYTES) {
            memory.segment().set(JAVA_BYTE, at, (byte) (at / Mapping.PAGE_BYTES));
        }
        try (VmStats stats = VmStatsFile.of(directory.resolve("stats"), 100);
                TouchedMemory all = sample(stats, 64);
                TouchedMemory some = sample(stats, 4)) {
            assertThat(all.pieces()).isEqualTo(11);
            assertThat(all.sampled()).isEqualTo(11);
            assertThat(some.sampled()).isEqualTo(4);
            walk(all);
            assertThat(all.bytes()).isEqualTo(memory.segment().byteSize());
            all.count();
            walk(all);
            assertThat(all.units()).isEqualTo(22);
            assertThat(all.touchedBytes()).isZero();
            assertThat(all.marginBytes()).isZero();
            walk(some);
            assertThat(some.units()).isEqualTo(4);
        }
        for (long at = 0; at < memory.segment().byteSize(); at += Mapping.PAGE_BYTES) {
            assertThat(memory.segment().get(JAVA_BYTE, at)).isEqualTo((byte) (at / Mapping.PAGE_BYTES));
        }
    }

    @Test
    void aKvmThatDoesNotCountIsNotBelieved() throws Exception {
        try (VmStats stats = VmStatsFile.of(directory.resolve("stats"), 0);
                TouchedMemory sample = sample(stats, 4)) {
            walk(sample);
            assertThatThrownBy(sample::count)
                    .isInstanceOf(IdleUnavailable.class)
                    .hasMessage("this host's KVM does not count the pages in its tables");
        }
    }
}
