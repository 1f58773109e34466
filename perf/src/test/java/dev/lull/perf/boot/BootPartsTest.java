package dev.lull.perf.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.perf.report.Report;
import dev.lull.perf.report.Scenario;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the boot scenario understands, chooses and concludes. */
class BootPartsTest {
    private static final Path SHELL = Path.of("/bin/sh");
    private static final Path LAUNCHER = Path.of("/lull");
    private static final Subjects.Finder EVERYTHING = program -> Optional.of(Path.of("/usr/bin", program));
    private static final Subjects.Finder NOTHING = program -> Optional.empty();

    @Test
    void aRunLineSurvivesItsText() {
        Map<String, Long> nanos = new LinkedHashMap<>();
        nanos.put("process-to-init", 7L);
        nanos.put("vm-to-init", 4L);
        RunLine run = new RunLine(3, "lull", nanos);
        assertThat(run).hasToString("run 3 lull process-to-init=7 vm-to-init=4");
        assertThat(RunLine.parse(run.toString())).contains(run);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "run", "run x lull a=1", "run 1 lull", "run 1 lull a=", "run 1 lull a=1 ", "runs 1 lull a=1"
            })
    void otherLinesAreNoRuns(String line) {
        assertThat(RunLine.parse(line)).isEmpty();
    }

    @Test
    void theMarkerIsFoundAcrossPieces() {
        ConsoleText console = new ConsoleText(Guest.MARKER);
        assertThat(accept(console, "noise lull-lul")).isFalse();
        assertThat(accept(console, "lull-guest: in")).isFalse();
        assertThat(accept(console, "it\r\n")).isTrue();
        assertThat(accept(console, "[ 1.0] reboot: Power down\r\n\r\n")).isTrue();
        assertThat(console.lastLine()).isEqualTo("[ 1.0] reboot: Power down");
    }

    @Test
    void theMarkerSurvivesALongConsole() {
        ConsoleText console = new ConsoleText(Guest.MARKER);
        assertThat(accept(console, Guest.MARKER)).isTrue();
        assertThat(accept(console, "x".repeat(10_000))).isTrue();
    }

    @Test
    void theBootTimerIsReadInNanoseconds() {
        assertThat(BootRun.bootTimer("lull: warning\nGuest boot time: 1538.3 ms\n"))
                .hasValue(1_538_300_000L);
        assertThat(BootRun.bootTimer("Guest boot time: ms")).isEmpty();
    }

    @Test
    void everyMonitorBootsTheSameGuest() {
        Guest guest = new Guest(Path.of("/k"), Path.of("/i"));
        for (String name : List.of("lull", "qemu-q35", "qemu-microvm", "kvmtool")) {
            List<String> command = new Subject(name, Path.of("/monitor")).command(guest);
            assertThat(command).startsWith("/monitor").contains("/k", "/i", Guest.COMMAND_LINE, "1");
            assertThat(String.join(" ", command)).contains(" 256");
        }
    }

    @Test
    void aRoundBeginsWithAnotherSubject() {
        assertThat(Subjects.rotated(List.of("a", "b", "c"), 1)).containsExactly("b", "c", "a");
        assertThat(Subjects.rotated(List.of("a", "b", "c"), 3)).containsExactly("a", "b", "c");
    }

    @Test
    void whatIsNotInstalledIsNamed() {
        Subjects subjects = Subjects.choose(LAUNCHER, Map.of(), false, NOTHING);
        assertThat(subjects.present()).containsExactly(new Subject("lull", LAUNCHER));
        assertThat(subjects.absences()).hasSize(3).allMatch(line -> line.contains("not installed"));
    }

    @Test
    void theInstructionClockHasNoMicrovm() {
        Subjects subjects = Subjects.choose(LAUNCHER, Map.of(), true, EVERYTHING);
        assertThat(names(subjects)).containsExactly("lull", "qemu-q35", "kvmtool");
        assertThat(subjects.absences()).singleElement().asString().startsWith("qemu-microvm left out");
    }

    @Test
    void aPeerStandsInPlaceOfTheInstalled() {
        Map<String, Path> peers = new LinkedHashMap<>();
        peers.put("qemu-q35", SHELL);
        peers.put("kvmtool-next", SHELL);
        Subjects subjects = Subjects.choose(LAUNCHER, peers, false, EVERYTHING);
        assertThat(names(subjects)).containsExactly("lull", "qemu-q35", "qemu-microvm", "kvmtool", "kvmtool-next");
        assertThat(subjects.present()).contains(new Subject("qemu-q35", SHELL));
    }

    @ParameterizedTest
    @ValueSource(strings = {"lull", "a b", "", "-x"})
    void aPeerNeedsAName(String name) {
        assertThatThrownBy(() -> Subjects.choose(LAUNCHER, Map.of(name, SHELL), false, NOTHING))
                .isInstanceOf(Scenario.UsageException.class)
                .hasMessageContaining("'" + name + "'");
    }

    @Test
    void aPeerMustBeAProgram() {
        assertThatThrownBy(() -> Subjects.choose(LAUNCHER, Map.of("kvmtool", Path.of("/proc")), false, NOTHING))
                .isInstanceOf(Scenario.UsageException.class)
                .hasMessageContaining("/proc is not a program");
    }

    @Test
    void programsAreFoundInThePath() {
        assertThat(Subjects.inDirectories("/nowhere::/bin").find("sh")).contains(SHELL);
        assertThat(Subjects.inDirectories("").find("sh")).isEmpty();
    }

    @Test
    void workSurvivesItsArguments() {
        BootWorker work = new BootWorker(
                Path.of("/k"), Path.of("/i"), 2, 5, Duration.ofSeconds(9), List.of(new Subject("lull", LAUNCHER)));
        assertThat(BootWorker.parse(work.arguments().toArray(String[]::new))).isEqualTo(work);
    }

    @Test
    void theGoalsCompareWithTheQuickestPeer() {
        assertThat(goals(700, 400, Map.of("qemu-q35", 900L, "kvmtool", 700L)).met())
                .isTrue();
        assertThat(goals(701, 400, Map.of("qemu-q35", 900L, "kvmtool", 700L)).met())
                .isFalse();
        BootGoals slow = goals(700, 570, Map.of("qemu-q35", 900L, "kvmtool", 700L));
        assertThat(slow.met()).isFalse();
        assertThat(slow.lines().getFirst()).contains("0.814", "kvmtool", "missed");
        assertThat(goals(1, 1, Map.of()).met()).isFalse();
    }

    private static BootGoals goals(long process, long vm, Map<String, Long> peers) {
        Report report = new Report("boot", "", "qemu-q35");
        report.add("lull", "", Subject.PROCESS_TO_INIT, "ns").record(process);
        report.add("lull", "", Subject.VM_TO_INIT, "ns").record(vm);
        peers.forEach((name, nanos) ->
                report.add(name, "", Subject.PROCESS_TO_INIT, "ns").record(nanos));
        return BootGoals.of(report.measurements());
    }

    private static List<String> names(Subjects subjects) {
        return subjects.present().stream().map(Subject::name).toList();
    }

    private static boolean accept(ConsoleText console, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return console.accept(bytes, bytes.length);
    }
}
