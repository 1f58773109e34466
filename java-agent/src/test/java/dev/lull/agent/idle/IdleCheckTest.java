package dev.lull.agent.idle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.agent.idle.IdleCheck.Rest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The offline check finds what it is there to find. */
class IdleCheckTest {
    @TempDir
    Path directory;

    private IdleCheck check(String... lines) throws IOException {
        Path log = directory.resolve("idle.log");
        Files.write(log, List.of(lines));
        return IdleCheck.read(log);
    }

    @Test
    void stepsInTheirRestsAreInOrder() throws IOException {
        IdleCheck check = check(
                IdleLog.HEADING,
                "step 110 150 1 1 7 vm fingerprints MORE false",
                "step 160 200 1 1 7 vm fingerprints DONE true",
                "rest 100 160 1 1 7 vm fingerprints - false",
                "overdue 300 310 -1 -1 0 vm fingerprints - false");
        assertThat(check.faults()).isEmpty();
        assertThat(check.faults(1, List.of(new Rest(90, 165)))).isEmpty();
        assertThat(check.steps()).hasSize(2);
        assertThat(check.overdueSteps()).isEqualTo(1);
    }

    @Test
    void aStepInNoRestIsAFault() throws IOException {
        IdleCheck check = check(
                IdleLog.HEADING,
                "step 90 150 1 1 7 vm fingerprints MORE false",
                "step 210 250 1 1 8 vm fingerprints MORE false",
                "step 110 120 0 0 7 vm fingerprints MORE false",
                "rest 100 160 1 1 7 vm fingerprints - false");
        assertThat(check.faults()).hasSize(3).allMatch(fault -> fault.contains("is in no rest"));
    }

    @Test
    void aStepThatMovedIsAFault() throws IOException {
        IdleCheck check = check(
                IdleLog.HEADING,
                "step 110 150 1 0 7 vm fingerprints MORE false",
                "rest 100 160 1 1 7 vm fingerprints - false");
        assertThat(check.faults()).containsExactly("a step at 110 ns went from CPU 1 to 0");
    }

    @Test
    void theWitnessHasTheLastWord() throws IOException {
        IdleCheck check = check(
                IdleLog.HEADING,
                "step 110 150 1 1 7 vm fingerprints MORE false",
                "rest 100 160 1 1 7 vm fingerprints - false");
        assertThat(check.faults(1, List.of(new Rest(0, 109), new Rest(120, 200))))
                .containsExactly("a step at 110 ns on CPU 1 began while a guest had it");
    }

    @Test
    void whatIsNoLogIsRefused() {
        assertThatThrownBy(() -> check("something else")).hasMessageContaining("is not a log of idle time");
        assertThatThrownBy(() -> check(IdleLog.HEADING, "step 1")).hasMessageContaining("line 2");
        assertThatThrownBy(() -> check(IdleLog.HEADING, "nap 1 2 3 4 5 6 7 8 9"))
                .hasMessageContaining("line 2");
    }
}
