package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.machine.Payload;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code lull run} with guests that run on any KVM. */
@Requires(Facility.KVM)
class RunTest {
    private static final String GREETING = "lull-payload: running\n";

    @TempDir
    private Path directory;

    @Test
    void aGuestThatPowersOffIsDone() {
        Lull.Result result = Lull.run("run", "--kernel", Payload.BOOT.toString(), "--cpus", "2", "--memory", "64M");
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).isEqualTo(GREETING);
        assertThat(result.status()).isZero();
    }

    @Test
    void aGuestThatResetsIsDone() throws IOException {
        Lull.Result result =
                Lull.run("run", "--kernel", BareKernel.RESET.in(directory).toString());
        assertThat(result).isEqualTo(new Lull.Result(0, "", ""));
    }

    @Test
    void aGuestThatFailsGivesOneLineAndItsRegisters() {
        Lull.Result result = Lull.run("run", "--kernel", Payload.FAULT.toString());
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.errLines().getFirst()).startsWith("lull: ").contains("vCPU 0");
        assertThat(result.errLines().get(1)).isEqualTo("registers of vCPU 0:");
        assertThat(result.err()).contains("RIP       00000000").doesNotContain("\tat ");
    }

    @Test
    void aGuestMayHaveACounterOfItsOwn() {
        for (String counter : new String[] {"scaled", "scaled:370000000", "host"}) {
            Lull.Result result = Lull.run(
                    "run", "--kernel", Payload.CLOCK.toString(), "--counter", counter, "--cmdline", "2 100", "--stats");
            assertThat(result.status()).as(result.err()).isZero();
            assertThat(result.out()).contains("back=0\n").endsWith("clock: done\n");
            // Two addresses amiss, a good one and the wall clock's; with the host's counter they are KVM's to answer.
            assertThat(result.errLines().stream().anyMatch(line -> line.matches(".*\\bwrmsr +4 .*")))
                    .as(result.err())
                    .isEqualTo(!counter.equals("host"));
        }
        Lull.Result slow = Lull.run(
                "run",
                "--kernel",
                Payload.CLOCK.toString(),
                "--counter",
                "scaled",
                "--dilation",
                "2",
                "--cmdline",
                "0 0");
        assertThat(slow.out()).endsWith("clock: done\n");
    }

    @Test
    void aCopyOfMemoryIsCompleteAtTheGuestsEnd() throws IOException {
        Path file = directory.resolve("memory");
        String[] arguments = {
            "run", "--kernel", Payload.BOOT.toString(), "--memory", "64M", "--pin", "0", "--idle", "pre-copy"
        };
        Lull.Result refused = Lull.run(arguments);
        assertThat(refused.status()).isEqualTo(2);
        assertThat(refused.errLines()).hasSize(1);
        assertThat(refused.err()).contains("--idle-copy");

        String[] withFile = Arrays.copyOf(arguments, arguments.length + 2);
        withFile[arguments.length] = "--idle-copy";
        withFile[arguments.length + 1] = file.toString();
        assertThat(Lull.run(withFile)).isEqualTo(new Lull.Result(0, GREETING, ""));
        assertThat(Files.size(file)).isEqualTo(64 << 20);
        assertThat(Files.readString(file, StandardCharsets.ISO_8859_1)).contains(GREETING);
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void statsShowEveryReasonTheBootTimeAndTheWayIn() {
        Lull.Result result = Lull.run("run", "--kernel", Payload.BOOT.toString(), "--stats");
        assertThat(result.out()).isEqualTo(GREETING);
        assertThat(result.errLines().get(1)).matches("vCPU  exit reason +count +p50 +p99 +p99.9 +max");
        // A port write for each character, one for the boot timer, one that powers off.
        int exits = GREETING.length() + 2;
        assertThat(result.err())
                .containsPattern("\n +0  io +" + exits + "( +\\d+\\.\\d){4}\n")
                .containsPattern("\n all  total +\\d+( +\\d+\\.\\d){4}\n")
                .containsPattern("\nGuest boot time: \\d+\\.\\d ms\n")
                .containsPattern("\nvCPU entry: .+\n");
    }

    @Test
    void aGuestThatUsesNoDeviceIsSaidTo() throws IOException {
        Path disk = Files.write(directory.resolve("disk"), new byte[1 << 20]);
        Path counters = directory.resolve("counters");
        Lull.Result result = Lull.run(
                "run",
                "--kernel",
                Payload.BOOT.toString(),
                "--disk",
                "path=" + disk,
                "--rng",
                "--balloon",
                "0",
                "--stats",
                "--counters-file",
                counters.toString());
        assertThat(result.out()).isEqualTo(GREETING);
        assertThat(result.status()).isZero();
        assertThat(result.err()).contains("\nThe guest asked nothing of its devices.\n");
        assertThat(counters).doesNotExist();
    }

    @Test
    void theBootTimerHasALine() {
        Lull.Result result = Lull.run("run", "--kernel", Payload.BOOT.toString(), "--boot-timer");
        assertThat(result.err()).matches("Guest boot time: \\d+\\.\\d ms\n");
    }

    @Test
    void theStatsFileIsAHistogramLog() throws IOException {
        Path file = directory.resolve("exits.hlog");
        Files.writeString(file, "of an earlier run");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        long before = System.currentTimeMillis();
        Lull.Result result = Lull.run("run", "--kernel", Payload.BOOT.toString(), "--stats-file", file.toString());
        assertThat(result).isEqualTo(new Lull.Result(0, GREETING, ""));
        Map<String, Histogram> histograms = read(file);
        assertThat(histograms).containsKeys("vcpu0-io");
        Histogram io = histograms.get("vcpu0-io");
        assertThat(io.getTotalCount()).isEqualTo(GREETING.length() + 2);
        assertThat(io.getMinNonZeroValue()).isPositive();
        assertThat(io.getStartTimeStamp()).isBetween(before - 1, System.currentTimeMillis());
        assertThat(directory).isDirectoryContaining("glob:**exits.hlog");
        assertThat(Lull.entries(directory)).hasSize(1);
    }

    @Test
    void aStatsFileThatCannotBeWrittenIsSaidBeforeTheBoot() throws IOException {
        Path missing = directory.resolve("missing/exits.hlog");
        for (Path path : new Path[] {missing, directory, Path.of("/dev/null"), Path.of("/proc/exits.hlog")}) {
            Lull.Result result = Lull.run("run", "--kernel", Payload.BOOT.toString(), "--stats-file", path.toString());
            assertThat(result.status()).as("%s", path).isEqualTo(2);
            assertThat(result.out()).isEmpty();
            assertThat(result.errLines()).hasSize(1);
            assertThat(result.err()).startsWith("lull: --stats-file " + path + ": ");
        }
        assertThat(Lull.entries(directory)).isEmpty();
    }

    private static Map<String, Histogram> read(Path file) throws FileNotFoundException {
        Map<String, Histogram> histograms = new HashMap<>();
        HistogramLogReader reader = new HistogramLogReader(file.toFile());
        for (EncodableHistogram next = reader.nextIntervalHistogram();
                next != null;
                next = reader.nextIntervalHistogram()) {
            histograms.put(next.getTag(), (Histogram) next);
        }
        reader.close();
        return histograms;
    }
}
