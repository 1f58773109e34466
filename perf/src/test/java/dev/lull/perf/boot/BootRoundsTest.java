package dev.lull.perf.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.perf.worker.Child;
import dev.lull.perf.worker.Rounds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rounds are kept when a worker hangs, but only complete ones. A shell plays the worker. */
class BootRoundsTest {
    private static final String ROUND_1 = "echo run 1 lull a=1; echo run 1 qemu-q35 a=2; ";
    private static final String ROUND_2 = "echo run 2 qemu-q35 a=3; echo run 2 lull a=4; ";
    private static final String WARM_UP = "echo run 0 lull a=9; echo run 0 qemu-q35 a=9; ";

    private final List<List<RunLine>> complete = new ArrayList<>();
    private final List<Integer> firstRounds = new ArrayList<>();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();
    private final PrintStream stream = new PrintStream(progress, true, StandardCharsets.UTF_8);
    private final RoundCollector collector = new RoundCollector(List.of("lull", "qemu-q35"), complete::add, 2, stream);

    @Test
    void aRoundCountsOnceAllHaveFinished() throws Exception {
        assertThat(run(WARM_UP + ROUND_1 + ROUND_2)).isEqualTo(new Rounds.Outcome(0, 0, true));
        assertThat(complete).hasSize(2);
        assertThat(complete.get(1)).extracting(RunLine::subject).containsExactly("qemu-q35", "lull");
        assertThat(said()).contains("warm-up lull", "round 2/2 qemu-q35");
    }

    @Test
    void aRoundCutShortIsRepeated() throws Exception {
        assertThat(run(
                        WARM_UP + ROUND_1 + "echo run 2 qemu-q35 a=77; exit 124",
                        WARM_UP + "exit 124",
                        WARM_UP + "echo run 2 lull a=4; echo run 2 qemu-q35 a=3"))
                .isEqualTo(new Rounds.Outcome(2, 0, true));
        assertThat(firstRounds).containsExactly(1, 2, 2);
        assertThat(complete).hasSize(2);
        assertThat(complete.get(1)).extracting(run -> run.nanos().get("a")).containsExactly(4L, 3L);
        assertThat(said()).contains("1 of 2 rounds are complete; starting anew (1 of at most 3");
    }

    @Test
    void itGivesUpAndKeepsWhatItHas() throws Exception {
        assertThat(run(ROUND_1 + "exit 124", "exit 124", "exit 124", "exit 124"))
                .isEqualTo(new Rounds.Outcome(3, 0, false));
        assertThat(complete).hasSize(1);
    }

    @Test
    void aRoundInWhichASubjectFailedIsRepeatedAndCounted() throws Exception {
        assertThat(run(WARM_UP + ROUND_1 + "exit 1", WARM_UP + "echo run 2 qemu-q35 a=3; echo run 2 lull a=4"))
                .isEqualTo(new Rounds.Outcome(0, 1, true));
        assertThat(complete).hasSize(2);
        assertThat(said()).contains("the lab ended with status 1", "it failed; 1 of 2 rounds are complete");
    }

    @Test
    void aWorkerThatFailsAtOnceIsNotRepeated() throws Exception {
        assertThat(run("exit 1")).isEqualTo(new Rounds.Outcome(0, 0, false));
        assertThat(said()).contains("the lab ended with status 1");
    }

    @Test
    void aSilentChildIsEnded() throws Exception {
        try (Child child = new Child(new ProcessBuilder("sleep", "600"), Duration.ofMillis(50))) {
            assertThat(child.await()).isNotZero();
            assertThat(child.expired()).isTrue();
        }
    }

    private Rounds.Outcome run(String... scripts) throws IOException, InterruptedException {
        Iterator<String> next = List.of(scripts).iterator();
        return new Rounds(
                        "boot",
                        2,
                        Duration.ofSeconds(60),
                        first -> {
                            firstRounds.add(first);
                            return List.of("sh", "-c", next.next());
                        },
                        stream)
                .run(collector);
    }

    private String said() {
        return progress.toString(StandardCharsets.UTF_8);
    }
}
