package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code lull demo}, where it can and where it cannot. */
class DemoTest {
    @TempDir
    private Path directory;

    @Test
    void saysWhatIsMissing() throws Exception {
        ProcessBuilder demo = new ProcessBuilder(Lull.command("demo"));
        demo.environment().put("LULL_CACHE", directory.toString());
        demo.environment().remove("LULL_LAB");
        Lull.Result result = Lull.await(demo.start());
        assertThat(result.errLines()).hasSize(1);
        assertThat(result.err())
                .isEqualTo("lull: the demo boots " + directory.resolve("kernels/cloud/vmlinuz")
                        + ", which is missing; make it with: ./lull lab setup\n");
        assertThat(result.status()).isEqualTo(1);
        assertThat(Lull.entries(directory)).isEmpty();
    }

    @Test
    @Tag("lab")
    @Requires({Facility.LAB, Facility.HARDWARE_KVM})
    void bootsReportsAndPowersOff() throws Exception {
        Lull.Result result = Lull.process(Lull.command("demo"));
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .containsPattern("\n  Linux +\\d+\\.\\d+\\.\\d+")
                .containsPattern("\n  CPUs +2 ")
                .containsPattern("\n  memory +2\\d\\d MiB ")
                .containsPattern("\nGuest boot time: \\d+\\.\\d ms")
                .contains("exit reason", "The guest powered itself off.");
        assertThat(result.status()).isZero();
    }

    @Test
    void theGuestsWordsAreTakenFromAmongTheKernels() throws Exception {
        GuestReport report = new GuestReport();
        String console = """
                [    0.1] ACPI: nothing\r
                lull-guest: init\r
                [    0.2] lull-guest: kernel=6.1.0\r
                lull-guest: mem_total_kib=1024\r

                last words""";
        report.begin();
        assertThat(report.awaitInit(1)).isFalse();
        console.chars().forEach(report::accept);
        assertThat(report.awaitInit(1)).isTrue();
        assertThat(report.initNanos()).isPositive();
        assertThat(report.value("kernel")).isEqualTo("6.1.0");
        assertThat(report.number("mem_total_kib")).isEqualTo(1024);
        assertThat(report.number("nothing")).isZero();
        assertThat(report.lastLine()).isEqualTo("lull-guest: mem_total_kib=1024");
    }
}
