package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A signal ends the machine, not its report. */
@Requires(Facility.KVM)
class SignalTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143", "HUP, 129"})
    void endsTheMachineInGoodOrder(String signal, int status) throws Exception {
        Path log = directory.resolve("exits.hlog");
        // A signal that whoever started the tests ignores would be ignored here, too.
        List<String> command = new ArrayList<>(List.of("env", "--default-signal"));
        command.addAll(Lull.command(
                "run",
                "--kernel",
                BareKernel.HANG.in(directory).toString(),
                "--stats",
                "--stats-file",
                log.toString()));
        Process process = new ProcessBuilder(command).start();
        InputStream out = process.getInputStream();
        assertThat(new String(out.readNBytes(3), StandardCharsets.US_ASCII)).isEqualTo("up\n");
        assertThat(new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
        Lull.Result result = Lull.await(process);
        assertThat(result.status()).isEqualTo(status);
        assertThat(result.err()).startsWith("Exits of the guest").contains("total");
        assertThat(Files.readString(log)).contains("Tag=vcpu0-io");
        assertThat(Lull.entries(directory)).hasSize(2);
    }
}
